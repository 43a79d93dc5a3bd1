// SPDX-License-Identifier: Apache-2.0
// ioredis, doing what its users do. Run by test_node.py: node ioredis_session.js PORT SOCKET
import assert from "node:assert/strict";
import Redis from "ioredis";
import { port, runCases, sleep, socketPath } from "./node_testing.js";

const redis = new Redis(port);

const cases = {
  async basics() {
    assert.equal(await redis.ping(), "PONG");
    assert.equal(await redis.set("k", "v", "EX", 100), "OK");
    assert.equal(await redis.get("k"), "v");
    assert.equal(await redis.get("none"), null);
    assert.equal(await redis.set("k", "w", "NX"), null);
    assert.equal(await redis.set("k", "w", "XX", "KEEPTTL", "GET"), "v");
    assert.ok((await redis.ttl("k")) > 90);
    assert.deepEqual(await redis.mset({ a: 1, b: "zwei" }), "OK");
    assert.deepEqual(await redis.mget("a", "none", "b"), ["1", null, "zwei"]);
    assert.equal(await redis.incrby("a", 41), 42);
    assert.equal(await redis.incrbyfloat("f", 1.25), "1.25");
    assert.equal(await redis.append("b", "!"), 5);
    assert.equal(await redis.getdel("b"), "zwei!");
    assert.equal(await redis.del("a", "b", "f"), 2);
  },

  async buffers() {
    const value = Buffer.from([0, 255, 13, 10, 128]);
    await redis.set(Buffer.from([1, 0, 2]), value);
    assert.deepEqual(await redis.getBuffer(Buffer.from([1, 0, 2])), value);
    const big = Buffer.alloc(5 << 20, "abc");
    await redis.set("big", big);
    assert.ok((await redis.getBuffer("big")).equals(big));
  },

  async pipelines() {
    const pipeline = redis.pipeline();
    for (let at = 0; at < 5000; at++) pipeline.set(`p:${at}`, at).get(`p:${at}`);
    const results = await pipeline.exec();
    assert.equal(results.length, 10_000);
    results.forEach(([error, value], at) => {
      assert.equal(error, null);
      assert.equal(value, at % 2 ? String((at - 1) / 2) : "OK");
    });
    const mixed = await redis.pipeline().set("s", "x").incr("s").get("s").exec();
    assert.match(mixed[1][0].message, /^ERR value is not an integer/);
    assert.equal(mixed[2][1], "x");
  },

  async parallelWithoutWaiting() {
    const done = await Promise.all(Array.from({ length: 2000 }, () => redis.incr("n")));
    assert.deepEqual(done, Array.from({ length: 2000 }, (_, at) => at + 1));
  },

  async automaticPipelining() {
    const auto = new Redis({ port, enableAutoPipelining: true });
    await Promise.all(Array.from({ length: 500 }, (_, at) => auto.set(`auto:${at}`, at)));
    const values = await Promise.all(Array.from({ length: 500 }, (_, at) => auto.get(`auto:${at}`)));
    assert.deepEqual(values, Array.from({ length: 500 }, (_, at) => String(at)));
    auto.disconnect();
  },

  async scanStream() {
    await redis.mset(Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`scan:${at}`, at])));
    const seen = new Set();
    for await (const keys of redis.scanStream({ match: "scan:*", count: 50 })) {
      keys.forEach((key) => seen.add(key));
    }
    assert.equal(seen.size, 1000);
  },

  async expiry() {
    await redis.psetex("soon", 50, "x");
    await redis.set("later", "x");
    assert.equal(await redis.pexpire("later", 60), 1);
    await sleep(100);
    assert.deepEqual(await redis.mget("soon", "later"), [null, null]);
  },

  async lock() {
    assert.equal(await redis.set("lock", "mine", "PX", 60, "NX"), "OK");
    assert.equal(await redis.set("lock", "yours", "PX", 60, "NX"), null);
    await sleep(90);
    assert.equal(await redis.set("lock", "yours", "PX", 60, "NX"), "OK");
  },

  async bits() {
    assert.equal(await redis.setbit("b", 7, 1), 0);
    assert.equal(await redis.bitcount("b"), 1);
    assert.deepEqual(await redis.bitfield("f", "SET", "u8", 0, 255, "GET", "i8", 0), [0, -1]);
  },

  async administration() {
    assert.match(await redis.info(), /redis_version:7\./);
    assert.deepEqual(await redis.config("GET", "maxclients"), ["maxclients", "10000"]);
    assert.equal(await redis.client("SETNAME", "me"), "OK");
    assert.match(await redis.client("LIST"), /name=me/);
    assert.ok((await redis.command("COUNT")) > 70);
    assert.equal((await redis.command("INFO", "get"))[0][0], "get");
    assert.equal(await redis.dbsize(), 0);
  },

  async databases() {
    const other = new Redis({ port, db: 4, connectionName: "four", keyPrefix: "pre:" });
    await other.set("k", 1);
    assert.equal(await other.client("GETNAME"), "four");
    await redis.select(4);
    assert.deepEqual(await redis.keys("*"), ["pre:k"]);
    await redis.select(0);
    assert.equal(await redis.get("pre:k"), null);
    other.disconnect();
  },

  async unixSocket() {
    const local = new Redis(socketPath);
    assert.equal(await local.set("u", 1), "OK");
    local.disconnect();
  },

  async reconnects() {
    const victim = new Redis({ port, retryStrategy: () => 20, maxRetriesPerRequest: 5 });
    const id = await victim.client("ID");
    assert.equal(await redis.client("KILL", "ID", id), 1);
    assert.equal(await victim.set("back", 1), "OK");
    assert.notEqual(await victim.client("ID"), id);
    victim.disconnect();
  },

  async errors() {
    await redis.set("s", "text");
    await assert.rejects(redis.incr("s"), /ERR value is not an integer or out of range/);
    await assert.rejects(redis.call("NOSUCH"), /ERR unknown command/);
    await redis.config("SET", "requirepass", "pass");
    const stranger = new Redis({ port, lazyConnect: true, retryStrategy: null, enableReadyCheck: false });
    stranger.on("error", () => {});
    await assert.rejects(stranger.get("s"), /NOAUTH/);
    stranger.disconnect();
    const friend = new Redis({ port, username: "default", password: "pass" });
    assert.equal(await friend.get("s"), "text");
    await friend.config("SET", "requirepass", "");
    await friend.quit();
  },
};

await runCases(cases, () => redis.flushall());
