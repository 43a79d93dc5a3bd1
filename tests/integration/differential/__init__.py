# SPDX-License-Identifier: Apache-2.0
"""The parts of the differential test (../differential.py).

`world`       random keys, values, numbers; from them the groups below make random commands
`strings` `bits` `keys` `server` `connection` `introspection`   the commands, by group
`expiry` `scan`   scenarios that need sleeps or several steps
`compare`     when two replies count as equal, and the table of known differences from Redis 7.0
`pair`        both servers, the connections to them, the history of each key
"""
