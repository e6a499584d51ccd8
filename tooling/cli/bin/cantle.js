#!/usr/bin/env node
/**
 * The launcher: runs the program in this process when this Node.js can, and hands over to a newer one when it cannot.
 *
 * It must run on every Node.js since 12.20, so: no `?.`, no `??`, no `await` outside functions, no types. It decides which
 * Node.js runs the program and nothing else.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import module from "node:module";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const wanted = "^24.11 || >=26";

if (canRun(process.version)) runHere();
else {
  const node = findNode([here, process.cwd()]);
  if (node === undefined) refuse();
  else handOver(node);
}

/** True for the versions in `wanted`. */
function canRun(version) {
  const [major, minor] = version.replace(/^v/, "").split(".").map(Number);
  return (major === 24 && minor >= 11) || major >= 26;
}

/** The sources in the repository, JavaScript where it is installed. Compiled code is kept between starts. */
function runHere() {
  if (module.enableCompileCache !== undefined) module.enableCompileCache();
  if (existsSync(join(here, "../src/main.ts"))) void import("../src/main.ts");
  else void import("../dist/main.js");
}

/** A Node.js from npm that can run the program: the nearest above one of these folders. */
function findNode(folders) {
  const windows = process.platform === "win32";
  const name = `node-${windows ? "win" : process.platform}-${process.arch}`;
  for (const start of folders) {
    for (let folder = start, last = ""; folder !== last; last = folder, folder = dirname(folder)) {
      const found = join(folder, "node_modules", name);
      const node = join(found, "bin", windows ? "node.exe" : "node");
      if (existsSync(node) && canRun(versionOf(found))) return node;
    }
  }
  return undefined;
}

function versionOf(folder) {
  try {
    return String(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version);
  } catch (_) {
    return "0.0.0";
  }
}

/**
 * The newer Node.js runs this file again, with everything that this process was given, and is first in the PATH of whatever
 * it starts. The channel tells it when this process is gone, however it went.
 */
function handOver(node) {
  const path = [dirname(node), process.env.PATH].filter(Boolean).join(delimiter);
  const child = spawn(node, [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, PATH: path },
  });
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  const forward = (signal) => child.kill(signal);
  for (const signal of signals) process.on(signal, forward);
  child.on("error", (error) => refuse(error));
  child.on("exit", (code, signal) => {
    for (const name of signals) process.off(name, forward);
    if (signal === null) process.exit(code);
    process.kill(process.pid, signal);
    // For what this process survives, such as a signal that its own parent ignores for it.
    process.exit(128 + constants.signals[signal]);
  });
}

function refuse(error) {
  const cause = error === undefined ? "" : `  cause: ${error.message}\n`;
  process.stderr.write(
    `error[NODE_TOO_OLD]: this is Node.js ${process.version}, and Cantle needs ${wanted}\n${cause}` +
      `  help: install Node.js 24, or let npm bring it along: npm install node-${process.platform}-${process.arch}@24\n`,
  );
  process.exit(5);
}
