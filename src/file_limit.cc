// SPDX-License-Identifier: Apache-2.0
#include "src/file_limit.h"

#include <sys/resource.h>

#include <algorithm>

namespace stave {
namespace {

// For segments and what each worker opens. Where so many are not to be had, a part of what there is.
constexpr rlim_t kOtherFiles = 4096;
constexpr rlim_t kOtherFilesPart = 4;

// As far as the hard limit goes, as nobody knows how many segments there will be; beyond it, which only the
// privileged may, to `wanted`.
rlim_t raised_to(rlim_t wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  const rlim_t beyond = std::max(wanted, limit.rlim_max);
  for (const rlim_t files : {beyond, limit.rlim_max}) {
    if (limit.rlim_cur >= files) break;
    const rlimit attempt = {files, std::max(files, limit.rlim_max)};
    if (setrlimit(RLIMIT_NOFILE, &attempt) == 0) return files;
  }
  return limit.rlim_cur;
}

}  // namespace

std::int64_t make_room_for_clients(std::int64_t clients) {
  const rlim_t files = raised_to(static_cast<rlim_t>(clients) + kOtherFiles);
  const rlim_t room = files - std::min(kOtherFiles, files / kOtherFilesPart);
  return static_cast<std::int64_t>(std::min(static_cast<rlim_t>(clients), room));
}

}  // namespace stave
