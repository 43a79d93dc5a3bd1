// SPDX-License-Identifier: Apache-2.0
// Helper threads of a start. The system may refuse a thread (EAGAIN: a limit on processes or memory), which
// must not end a start: then the work is done by the thread that wants its outcome, when it asks for it.
#pragma once

#include <future>
#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>

namespace stave {

// Runs `work` on a helper thread, or inside get() or wait() of what this returns. Whoever destroys the future
// waits for the helper; work that no helper has begun is not done then.
template <typename Work>
std::future<std::invoke_result_t<Work&>> run_aside(Work work) {
  // Shared, as a launch that fails has taken its own copy along.
  const auto shared = std::make_shared<Work>(std::move(work));
  const auto call = [shared] { return (*shared)(); };
  try {
    return std::async(std::launch::async, call);
  } catch (const std::system_error&) {
    return std::async(std::launch::deferred, call);
  }
}

}  // namespace stave
