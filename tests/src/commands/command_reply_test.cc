// SPDX-License-Identifier: Apache-2.0
// Shows the shape of what COMMAND INFO and COMMAND DOCS say of a row, in both protocols.
#include "src/commands/command_reply.h"

#include <doctest/doctest.h>

#include <string>

namespace stave {
namespace {

using Writer = void (*)(resp::ReplyWriter&, const Command&);

// The reply with blanks for its ends of lines.
std::string written(Writer write, std::string_view command, int protocol) {
  std::string output;
  resp::ReplyWriter reply(output, protocol);
  write(reply, *find_command_by_name(command));
  std::string line;
  for (const char c : output) {
    if (c != '\n') line += c == '\r' ? ' ' : c;
  }
  return line;
}

TEST_CASE("COMMAND INFO of a command without subcommands") {
  CHECK(written(write_command_info, "get", 2) ==
        "*10 $3 get :2 *2 +readonly +fast :1 :1 :1 *3 +@read +@string +@fast *0 "
        "*1 *6 $5 flags *2 +RO +access $12 begin_search *4 $4 type $5 index $4 spec *2 $5 index :1 "
        "$9 find_keys *4 $4 type $5 range $4 spec *6 $7 lastkey :0 $7 keystep :1 $5 limit :0 *0 ");
  CHECK(written(write_command_info, "mget", 3) ==
        "*10 $4 mget :-2 ~2 +readonly +fast :1 :-1 :1 ~3 +@read +@string +@fast ~1 $26 "
        "request_policy:multi_shard "
        "~1 %3 $5 flags ~2 +RO +access $12 begin_search %2 $4 type $5 index $4 spec %1 $5 index :1 "
        "$9 find_keys %2 $4 type $5 range $4 spec %3 $7 lastkey :-1 $7 keystep :1 $5 limit :0 ~0 ");
}

TEST_CASE("COMMAND INFO of a container has its subcommands") {
  const std::string info = written(write_command_info, "slowlog", 3);
  CHECK(info.starts_with("*10 $7 slowlog :-2 ~0 :0 :0 :0 ~1 +@slow ~0 ~0 *4 *10 "));
  CHECK(info.find("*10 $11 slowlog|get :-2 ") != std::string::npos);
}

TEST_CASE("COMMAND DOCS nests arguments") {
  const std::string docs = written(write_command_docs, "bitcount", 3);
  CHECK(docs.starts_with("%6 $7 summary "));
  CHECK(docs.find("$5 since $5 2.6.0 $5 group $6 bitmap $10 complexity ") != std::string::npos);
  CHECK(docs.find("$7 history ~1 *2 $5 7.0.0 ") != std::string::npos);
  CHECK(docs.ends_with(
      "$9 arguments *2 "
      "%4 $4 name $3 key $4 type $3 key $12 display_text $3 key $14 key_spec_index :0 "
      "%4 $4 name $5 range $4 type $5 block $5 flags ~1 +optional $9 arguments *3 "
      "%3 $4 name $5 start $4 type $7 integer $12 display_text $5 start "
      "%3 $4 name $3 end $4 type $7 integer $12 display_text $3 end "
      "%5 $4 name $4 unit $4 type $5 oneof $5 since $5 7.0.0 $5 flags ~1 +optional $9 arguments *2 "
      "%4 $4 name $4 byte $4 type $10 pure-token $12 display_text $4 byte $5 token $4 BYTE "
      "%4 $4 name $3 bit $4 type $10 pure-token $12 display_text $3 bit $5 token $3 BIT "));
}

TEST_CASE("COMMAND DOCS says what is deprecated, and nests subcommands") {
  CHECK(written(write_command_docs, "getset", 2).starts_with("*16 $7 summary "));
  CHECK(written(write_command_docs, "getset", 3)
            .find("$9 doc_flags ~1 +deprecated $16 deprecated_since $5 6.2.0 ") != std::string::npos);
  const std::string docs = written(write_command_docs, "object", 3);
  CHECK(docs.starts_with("%5 $7 summary "));
  CHECK(docs.find("$11 subcommands %5 $15 object|encoding %5 ") != std::string::npos);
}

TEST_CASE("key flags are a set of names") {
  std::string output;
  resp::ReplyWriter reply(output, 3);
  write_key_flags(reply, kKeyOverwrites | kKeyUpdate);
  CHECK(output == "~2\r\n+OW\r\n+update\r\n");
}

}  // namespace
}  // namespace stave
