/** Names of topics, queues and groups: checked before any engine sees them, so that none is ever a path or a pattern. */
import { CantleError } from "@cantle/core";

const part = /^[A-Za-z][A-Za-z0-9_-]{0,99}$/;

/** Throws `CHANNEL_UNKNOWN` unless it is a channel's name: `service.name`. */
export function checkChannelName(name: string): void {
  const parts = name.split(".");
  if (parts.length === 2 && parts.every((each) => part.test(each))) return;
  throw new CantleError("CHANNEL_UNKNOWN", "this is not the name of a topic or queue", {
    help: "its name is that of its service, a dot, and its own: articles.published",
  });
}

/** Throws `CHANNEL_UNKNOWN` unless it is a group's name. */
export function checkGroupName(name: string): void {
  if (part.test(name)) return;
  throw new CantleError("CHANNEL_UNKNOWN", "this is not the name of a group", {
    help: "a group is called like the service that subscribes",
  });
}
