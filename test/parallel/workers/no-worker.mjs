/** A module for the tests that exports no worker. */
export default async function work() {}
