// SPDX-License-Identifier: Apache-2.0
#include "src/background.h"

#include <memory>

#include "src/allocator.h"

namespace stave {

void UvBackground::run(std::function<void()> work, std::function<void()> done) {
  if (loop_ == nullptr) {
    work();
    done();
    return;
  }
  auto* job = new Job;
  job->background = this;
  job->work = std::move(work);
  job->done = std::move(done);
  job->request.data = job;
  ++in_flight_;
  uv_queue_work(
      loop_, &job->request,
      [](uv_work_t* request) {
        static_cast<Job*>(request->data)->work();
        // The buffers of a segment or of a hint are megabytes, which this thread may not need again for long.
        give_back_free_memory();
      },
      [](uv_work_t* request, int) {
        std::unique_ptr<Job> finished(static_cast<Job*>(request->data));
        --finished->background->in_flight_;
        finished->done();
      });
}

}  // namespace stave
