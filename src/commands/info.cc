// SPDX-License-Identifier: Apache-2.0
// INFO: which sections a client asks for, and the figures of all workers that they are written from.
#include <algorithm>
#include <memory>
#include <vector>

#include "src/ascii.h"
#include "src/call.h"
#include "src/commands/server.h"
#include "src/info_sections.h"
#include "src/server.h"
#include "src/worker.h"

namespace stave {
namespace {

bool asks_for(std::string_view word, const InfoSection& section) {
  if (ascii::equal(word, "all") || ascii::equal(word, "everything")) return true;
  if (ascii::equal(word, "default")) return section.is_default;
  return ascii::equal(word, section.name);
}

// Words that name no section are passed over, as in Redis.
bool is_wanted(Args words, const InfoSection& section) {
  if (words.empty()) return section.is_default;
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return asks_for(word, section); });
}

void reply_info(Call& call, const std::vector<InfoFigures>& by_worker) {
  InfoFigures sum;
  for (const InfoFigures& figures : by_worker) add(sum, figures);
  InfoText text(call.home(), sum);
  for (const InfoSection& section : info_sections()) {
    if (!is_wanted(call.args().subspan(1), section)) continue;
    text.begin_section(section.title);
    section.write(text);
  }
  call.reply.verbatim(text.text(), "txt");
  call.finish();
}

}  // namespace

// INFO [section ...]
void info(Call& call) {
  const auto by_worker = std::make_shared<std::vector<InfoFigures>>(call.server().worker_count());
  const auto work = [by_worker](Worker& here) { (*by_worker)[here.number()] = count_here(here); };
  call.on_workers(work, [&call, by_worker] { reply_info(call, *by_worker); });
}

}  // namespace stave
