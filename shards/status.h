// SPDX-License-Identifier: Apache-2.0
// Status and Result: the one way to report what the outside world (a client, a disk, a peer, a user) can
// cause.
//
// An ok Status is a null pointer, so returning one costs nothing. An error carries its whole text: for a
// command that is the line a client reads, Redis' error code first ("ERR syntax error"); elsewhere one clear
// sentence.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace stave {

// A constant error text. Kept apart from Status so that tables of errors are constexpr.
struct Error {
  std::string_view text;
};

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : message_(std::make_unique<std::string>(error.text)) {}
  static Status error(std::string message) {
    Status status;
    status.message_ = std::make_unique<std::string>(std::move(message));
    return status;
  }

  bool ok() const { return message_ == nullptr; }
  // REQUIRES: !ok().
  const std::string& message() const { return *message_; }

 private:
  std::unique_ptr<std::string> message_;  // null means ok
};

// A value, or the error that prevented it.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Status status) : status_(std::move(status)) {}
  Result(Error error) : status_(error) {}

  bool ok() const { return value_.has_value(); }
  // REQUIRES: ok().
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }
  // REQUIRES: !ok(). Moves the error out.
  Status take_status() { return std::move(status_); }
  const std::string& message() const { return status_.message(); }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace stave
