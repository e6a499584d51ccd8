/** Cross-origin requests (https://fetch.spec.whatwg.org/#http-cors-protocol): off unless origins are named. */
import { answerBytes, type Exchange, fieldOf } from "@cantle/transport/http";

/** What is allowed to which origins. */
export interface Cors {
  /** Adds the fields that let the asking origin read the answer. */
  allow(exchange: Exchange): void;
  /** Answers a preflight from an allowed origin; false for everything else. */
  preflight(exchange: Exchange, methods: readonly string[]): boolean;
}

/** The request fields that a page may set. */
const requestFields = "authorization, content-type, idempotency-key, traceparent, tracestate, baggage";
const preflightSeconds = 600;

/** Origins are compared whole: `https://app.example`. `*` allows all, which is safe only because no cookie means anything here. */
export function createCors(origins: readonly string[]): Cors {
  const allowed = new Set(origins);
  const anybody = allowed.has("*");

  function originOf(exchange: Exchange): string | undefined {
    const origin = fieldOf(exchange.request.headers, "origin");
    return origin !== undefined && (anybody || allowed.has(origin)) ? origin : undefined;
  }

  return {
    allow(exchange) {
      const origin = originOf(exchange);
      const granted =
        origin === undefined
          ? []
          : [
              "access-control-allow-origin",
              anybody ? "*" : origin,
              "access-control-expose-headers",
              "retry-after, deprecation, cantle-fallback",
            ];
      exchange.headers = [...exchange.headers, "vary", "origin", ...granted];
    },
    preflight(exchange, methods) {
      const asked = fieldOf(exchange.request.headers, "access-control-request-method");
      if (methods.length === 0 || asked === undefined || originOf(exchange) === undefined) return false;
      answerBytes(exchange, {
        status: 204,
        headers: [
          "access-control-allow-methods",
          methods.join(", "),
          "access-control-allow-headers",
          requestFields,
          "access-control-max-age",
          String(preflightSeconds),
        ],
      });
      return true;
    },
  };
}
