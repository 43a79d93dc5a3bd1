// SPDX-License-Identifier: Apache-2.0
// The workload of lists, whose edits go by index: each is one edit, so that what a void transaction leaves of
// those behind it is told by whether it fits.
#include "shards/list.h"

#include <string>

#include "shards/collection.h"
#include "tests/sim/simulation.h"

namespace stave::sim {
namespace {

constexpr std::uint64_t kLists = 3;
constexpr std::uint64_t kElementBytesMax = 120;
constexpr std::size_t kUsualElements = 25;

}  // namespace

Simulation::Name Simulation::random_list_name() {
  return {static_cast<int>(below(kDbs)), "list:" + std::to_string(below(kLists))};
}

Simulation::Name Simulation::random_collection_name() {
  return one_in(random_, 2) ? random_hash_name() : random_list_name();
}

// One edit of a list of so many elements; `grows`: that leaves no fewer.
std::string Simulation::random_list_edit(std::size_t size, bool grows) {
  std::string element = std::to_string(random_() % 1000) + ":";
  element.resize(element.size() + below(kElementBytesMax), 'e');
  const std::size_t few = std::min<std::size_t>(size, 1 + below(4));
  const std::uint64_t what = below(grows || size < kUsualElements ? 5 : 9);
  Edits edit;
  if (what == 0) edit.push_head(element);
  if (what == 1 || (what == 4 && size == 0)) edit.push_tail(element);
  if (what == 2 || what == 3) edit.insert_at(below(size + 1), element);
  if (what == 4 && size > 0) edit.set_at(below(size), element);
  if (what == 5) edit.pop_head(few);
  if (what == 6) edit.pop_tail(few);
  if (what >= 7) edit.erase_at(below(size - few + 1), few);
  return std::string(edit.bytes());
}

void Simulation::apply(Contents& contents, const Name& name, const std::string& edit) {
  const auto found = contents.find(name);
  // Of a list that a transaction had put over the string, and that never was.
  if (found != contents.end() && found->second.elements.empty()) return;
  Value& value = contents[name];
  ListValue list(empty_packed(Type::kList));
  for (const std::string& element : value.elements) list.push(ListEnd::kTail, element);
  EditResult result;
  static_cast<void>(list.apply(edit, {}, result));
  value.elements = elements_of(ListView(list));
  if (value.elements.empty()) contents.erase(name);
}

std::vector<std::string> Simulation::elements_of(const ListView& list) {
  std::vector<std::string> elements;
  list.for_each_while(0, false, [&](std::string_view element) {
    elements.emplace_back(element);
    return true;
  });
  return elements;
}

bool Simulation::add_list_edit(std::uint32_t number, Batch& batch, std::vector<Change>& changes,
                               std::deque<std::string>& bytes, std::vector<Borrowed>& borrowed) {
  const Name name = rather_under_way(number, [this] { return random_list_name(); });
  const Found found = shards_[number]->find({name.first, name.second}, true);
  if (found.exists && (found.type != Type::kList || !found.resident)) return false;
  const std::size_t size = found.exists ? ListView(found).size() : 0;
  const std::string edit = random_list_edit(size, true);
  note_edits(name, found, edit, batch.list_edits, batch);
  add_change(number, name, found, Type::kList, edit, changes, bytes, borrowed);
  return true;
}

void Simulation::write_list(std::uint32_t number) {
  Shard& shard = *shards_[number];
  const Name name = random_list_name();
  const Key key(name.first, name.second);
  const Found found = shard.find(key, true);  // may log that it has expired
  if (found.exists && found.type != Type::kList) return;
  if (found.exists && !found.resident) return stage(number, name);
  const std::string edit = random_list_edit(found.exists ? ListView(found).size() : 0, false);
  Batch batch;
  batch.first_gsn = batch.last_gsn = shard.last_gsn() + 1;  // a snapshot may follow
  note_edits(name, found, edit, batch.list_edits, batch);
  EditResult result;
  const Status status = shard.edit(key, Type::kList, edit, result);
  if (!status.ok()) {
    ++coverage_.refused_writes;
    if (shard.last_gsn() >= batch.first_gsn) violate("a refused write is in the log");
    return;
  }
  if (!result.any()) return;
  ++coverage_.list_edits;
  note(number, std::move(batch));
}

}  // namespace stave::sim
