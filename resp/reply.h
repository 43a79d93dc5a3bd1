// SPDX-License-Identifier: Apache-2.0
// The reply writer: appends replies in RESP2 or RESP3 to a connection's output.
//
// Last step of a command's way (worker thread): the command says what it answers, the writer turns that into
// bytes of the protocol that the connection chose with HELLO. It owns nothing; the output must outlive it.
//
// An aggregate is its header, then that many elements (two for each pair of a map) written by further calls;
// nothing checks the number. Where RESP2 has no such type, Redis' substitute is written, given with each
// function below.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace stave::resp {

class ReplyWriter {
 public:
  // `protocol` is 2 or 3.
  explicit ReplyWriter(std::string& output, int protocol = 2) : output_(output), protocol_(protocol) {}

  int protocol() const { return protocol_; }
  void set_protocol(int protocol) { protocol_ = protocol; }
  std::string& output() { return output_; }

  void ok() { output_.append("+OK\r\n", 5); }
  // REQUIRES: neither CR nor LF in `text`.
  void simple(std::string_view text) { append_line('+', text); }
  // `text` begins with the error's code, without "-". CR and LF are cut from its ends and become blanks
  // inside.
  void error(std::string_view text);

  void integer(std::int64_t number) {
    if (number >= 0 && number <= 9) {
      const char reply[] = {':', static_cast<char>('0' + number), '\r', '\n'};
      output_.append(reply, sizeof reply);
    } else {
      append_number(':', number);
    }
  }
  void bulk(std::string_view bytes);

  // RESP2: null() is "$-1", null_array() is "*-1". RESP3 has one null for both.
  void null() { protocol_ == 2 ? output_.append("$-1\r\n", 5) : output_.append("_\r\n", 3); }
  void null_array() { protocol_ == 2 ? output_.append("*-1\r\n", 5) : output_.append("_\r\n", 3); }

  void array(std::size_t elements) { header('*', elements); }
  // RESP2: an array of twice as many elements.
  void map(std::size_t pairs) { protocol_ == 2 ? header('*', 2 * pairs) : header('%', pairs); }
  // RESP2: an array.
  void set(std::size_t elements) { header(protocol_ == 2 ? '*' : '~', elements); }
  void push(std::size_t elements) { header(protocol_ == 2 ? '*' : '>', elements); }

  // RESP2: the integer 1 or 0.
  void boolean(bool value) {
    protocol_ == 2 ? output_.append(value ? ":1\r\n" : ":0\r\n", 4)
                   : output_.append(value ? "#t\r\n" : "#f\r\n", 4);
  }
  // RESP2: a bulk. The text is Redis 7.2's, see number_text.h.
  void double_number(double number);
  // The same where the command has a form of its own: `text` is a decimal number.
  void double_text(std::string_view text) { protocol_ == 2 ? bulk(text) : append_line(',', text); }
  // RESP2: a bulk. `digits` is a decimal integer of any length.
  void big_number(std::string_view digits) { protocol_ == 2 ? bulk(digits) : append_line('(', digits); }
  // RESP2: a bulk. `format` is "txt" or "mkd"; always written as three bytes.
  void verbatim(std::string_view text, std::string_view format);

  // Bytes that are replies already.
  void raw(std::string_view bytes) { output_.append(bytes); }

 private:
  void header(char mark, std::size_t elements) {
    if (elements <= 9) {
      const char line[] = {mark, static_cast<char>('0' + elements), '\r', '\n'};
      output_.append(line, sizeof line);
    } else {
      append_number(mark, static_cast<std::int64_t>(elements));
    }
  }
  void append_line(char mark, std::string_view text);
  void append_number(char mark, std::int64_t number);

  std::string& output_;
  int protocol_;
};

}  // namespace stave::resp
