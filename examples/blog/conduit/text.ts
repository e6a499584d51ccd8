/** Text as the API takes it: bounded, not blank where something must be said, without what no database likes to keep. */
import { z } from "zod";

/** One line that says something: blanks around it are cut, control characters are refused. */
export const line = (max: number) =>
  z
    .string()
    .trim()
    .min(1, "is empty")
    .max(max)
    .regex(/^\P{Cc}*$/u, "has control characters");

/** Prose that says something; kept as it was written. */
export const prose = (max: number) => anyText(max).regex(/\S/, "is empty");

/** Prose that may be empty. */
export const anyText = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[^\0]*$/, "has a NUL character");
