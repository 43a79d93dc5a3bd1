// SPDX-License-Identifier: Apache-2.0
// What the Node clients' sessions share: cases run in order against the port in argv, each by name.
export const port = Number(process.argv[2]);
export const socketPath = process.argv[3];

export async function runCases(cases, prepare) {
  let failed = 0;
  for (const [name, run] of Object.entries(cases)) {
    try {
      await prepare();
      await withDeadline(run(), 20_000);
      console.log(`ok   ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAIL ${name}: ${error.stack}`);
    }
  }
  console.log(`${Object.keys(cases).length - failed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function withDeadline(promise, ms) {
  const late = sleep(ms).then(() => {
    throw new Error(`not done within ${ms} ms`);
  });
  return Promise.race([promise, late]);
}
