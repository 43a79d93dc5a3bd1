// SPDX-License-Identifier: Apache-2.0
// node-redis, doing what its users do, in RESP2 and RESP3.
// Run by test_node.py: node node_redis_session.js PORT SOCKET
import assert from "node:assert/strict";
import { createClient, createClientPool, RESP_TYPES } from "redis";
import { port, runCases, sleep, socketPath } from "./node_testing.js";

const open = (options = {}) =>
  createClient({ socket: { port, host: "127.0.0.1" }, ...options }).on("error", () => {}).connect();

const two = await open();
const three = await open({ RESP: 3 });

const session = (client) => ({
  async basics() {
    assert.equal(await client.ping(), "PONG");
    assert.equal(await client.set("k", "v", { expiration: { type: "EX", value: 100 } }), "OK");
    assert.equal(await client.get("k"), "v");
    assert.equal(await client.get("none"), null);
    assert.equal(await client.set("k", "w", { condition: "NX" }), null);
    assert.ok((await client.ttl("k")) > 90);
    assert.equal(await client.mSet({ a: "1", b: "zwei" }), "OK");
    assert.deepEqual(await client.mGet(["a", "none", "b"]), ["1", null, "zwei"]);
    assert.equal(await client.incrBy("a", 41), 42);
    assert.equal(Number(await client.incrByFloat("f", 1.25)), 1.25);
    assert.equal(await client.getSet("b", "drei"), "zwei");
    assert.equal(await client.getDel("b"), "drei");
    assert.equal(await client.del(["a", "b", "f"]), 2);
    assert.equal(await client.exists(["a", "k"]), 1);
  },

  async buffers() {
    const big = Buffer.alloc(3 << 20, Buffer.from([0, 255, 13, 10]));
    await client.set("big", big);
    const binary = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    assert.ok((await binary.get("big")).equals(big));
  },

  async automaticPipeline() {
    const done = await Promise.all(Array.from({ length: 3000 }, () => client.incr("n")));
    assert.deepEqual(done, Array.from({ length: 3000 }, (_, at) => at + 1));
  },

  async multiAsPipeline() {
    const replies = await client.multi().set("a", "1").get("a").incr("a").execAsPipeline();
    assert.deepEqual(replies, ["OK", "1", 2]);
  },

  async scanIterator() {
    await client.mSet(Array.from({ length: 1000 }, (_, at) => [`scan:${at}`, String(at)]));
    const seen = new Set();
    for await (const keys of client.scanIterator({ MATCH: "scan:*", COUNT: 50 })) {
      keys.forEach((key) => seen.add(key));
    }
    assert.equal(seen.size, 1000);
    assert.equal((await client.keys("scan:1?")).length, 10);
  },

  async expiry() {
    await client.pSetEx("soon", 50, "x");
    await client.set("later", "x");
    assert.equal(await client.pExpire("later", 60), 1);
    assert.equal(await client.expireTime("none"), -2);
    await sleep(100);
    assert.deepEqual(await client.mGet(["soon", "later"]), [null, null]);
  },

  async bits() {
    assert.equal(await client.setBit("b", 7, 1), 0);
    assert.equal(await client.bitCount("b"), 1);
    assert.equal(await client.bitPos("b", 1), 7);
    const fields = [
      { operation: "SET", encoding: "u8", offset: 0, value: 255 },
      { operation: "GET", encoding: "i8", offset: 0 },
    ];
    assert.deepEqual(await client.bitField("f", fields), [0, -1]);
  },

  async administration() {
    assert.match(await client.info("server"), /redis_version:7\./);
    assert.equal((await client.configGet("maxclients")).maxclients, "10000");
    assert.equal(await client.clientSetName("me"), "OK");
    assert.equal(await client.clientGetName(), "me");
    assert.equal((await client.clientInfo()).name, "me");
    assert.ok((await client.clientList()).length >= 2);
    assert.ok((await client.commandCount()) > 70);
    assert.equal((await client.commandInfo(["get"]))[0].name, "get");
    assert.ok((await client.command()).length > 70);
    assert.equal(await client.dbSize(), 0);
    assert.equal(await client.configSet("slowlog-max-len", "100"), "OK");
    assert.ok((await client.memoryUsage("none")) === null);
  },

  async errors() {
    await client.set("s", "text");
    await assert.rejects(client.incr("s"), /ERR value is not an integer or out of range/);
    await assert.rejects(client.sendCommand(["NOSUCH"]), /ERR unknown command/);
  },
});

const cases = {
  ...Object.fromEntries(Object.entries(session(two)).map(([name, run]) => [`${name}, RESP2`, run])),
  ...Object.fromEntries(Object.entries(session(three)).map(([name, run]) => [`${name}, RESP3`, run])),

  async pool() {
    const pool = await createClientPool({ socket: { port } }, { minimum: 2, maximum: 8 }).connect();
    await Promise.all(Array.from({ length: 500 }, () => pool.incr("pooled")));
    assert.equal(await pool.get("pooled"), "500");
    await pool.close();
  },

  async databasesAndNames() {
    const other = await open({ database: 4, name: "four" });
    await other.set("k", "1");
    assert.equal(await other.clientGetName(), "four");
    assert.equal(await two.get("k"), null);
    assert.equal(await other.move("k", 0), 1);
    assert.equal(await two.get("k"), "1");
    await other.close();
  },

  async url() {
    const other = await createClient({ url: `redis://127.0.0.1:${port}/2` }).connect();
    await other.set("k", "1");
    await other.select(0);
    assert.equal(await other.get("k"), null);
    await other.quit();
  },

  async unixSocket() {
    const local = await createClient({ socket: { path: socketPath } }).connect();
    assert.equal(await local.set("u", "1"), "OK");
    local.destroy();
  },

  async reconnects() {
    const victim = await open({ socket: { port, reconnectStrategy: 20 } });
    const id = await victim.clientId();
    assert.equal(await two.sendCommand(["CLIENT", "KILL", "ID", String(id)]), 1);
    await sleep(100);
    assert.equal(await victim.set("back", "1"), "OK");
    assert.notEqual(await victim.clientId(), id);
    victim.destroy();
  },

  async password() {
    await two.configSet("requirepass", "pass");
    const once = { port, reconnectStrategy: false };
    await assert.rejects(open({ socket: once }).then((stranger) => stranger.get("s")), /NOAUTH/);
    await assert.rejects(open({ password: "bad", socket: once }), /WRONGPASS/);
    const friend = await open({ password: "pass", RESP: 3 });
    assert.equal(await friend.configSet("requirepass", ""), "OK");
    friend.destroy();
  },
};

await runCases(cases, () => two.flushAll());
