/** What storage promises: images go up, and come down again under an id. */
import { bytes, contract, get, post } from "@cantle/contract";
import { z } from "zod";

/** The images that are taken. Not SVG: it can carry scripts. */
export const imageTypes = ["image/png", "image/jpeg", "image/gif", "image/webp"] as const;

/** One of them. */
export type ImageType = (typeof imageTypes)[number];

const imageBytesMax = 5_000_000;

/** The contract of the storage service. */
export const storage = contract("storage", {
  version: "1.0.0",
  operations: {
    upload: post("/images", {
      access: "user",
      summary: "Stores an image.",
      upload: bytes({ maxBytes: imageBytesMax, types: imageTypes }),
      timeoutMs: 60_000,
      output: z.object({ id: z.string(), url: z.string() }),
      status: 201,
      errors: {
        NotAnImage: { status: 415, description: "the bytes are not of the image type that they claim" },
        StorageFull: { status: 409, description: "the user's share of the storage is used up" },
      },
    }),
    download: get("/images/{id}", {
      access: "public",
      summary: "An image.",
      input: z.object({ id: z.string().regex(/^[0-9a-f]{32}$/, "is not the id of an image") }),
      download: bytes({ maxBytes: imageBytesMax, types: imageTypes }),
      errors: { NoSuchImage: { status: 404, description: "there is no such image" } },
    }),
  },
});
