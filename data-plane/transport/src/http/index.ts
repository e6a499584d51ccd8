/** HTTP: what services listen with, what calls over it, and what the gateway shares with them. */
export { answerBytes, answerError, answerJson } from "./answer.ts";
export { dialHttp, type HttpDialOptions, type ReplyLimits } from "./dial.ts";
export { type HttpLimits, httpLimits } from "./limits.ts";
export { type HttpListenOptions, listenHttp } from "./listen.ts";
