/** HTTP: what services listen with and what calls over it. */

export { createLookup } from "../lookup.ts";
// For the gateway, which is another server on the same ground; no promises to anybody else.
export { alarm } from "./alarm.ts";
export { answerBytes, cutWhenStuck } from "./answer.ts";
export { pour } from "./answer-stream.ts";
export { chunksOf, noBytes, readBytes } from "./body.ts";
export { dialHttp, type HttpDialOptions, type ReplyLimits } from "./dial.ts";
export type { Exchange, ProblemHook, ShapedProblem } from "./exchange.ts";
export { answerOptions, findRoute, matchRoute } from "./find.ts";
export { baggageOf, callerHeader, fieldOf, traceOf } from "./headers.ts";
export { type HttpLimits, httpLimits } from "./limits.ts";
export { type HttpListenOptions, isLoopback, listenHttp } from "./listen.ts";
export { claimsJson } from "./media-type.ts";
export { createRoutes, type Matched, type Routes } from "./routes.ts";
export { serveCall } from "./serve.ts";
export { type HttpServer, startHttpServer } from "./server.ts";
export { createUpstream, type Upstream, type UpstreamAnswer, type UpstreamLimits } from "./upstream.ts";
