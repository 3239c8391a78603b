// blindai-liar: stands where blindai-worker should, for tests. Its first argument, where the worker
// has the library's path, names the lie; up to it, it behaves, and lies from inside the sandbox.
//
// The model it pretends to have: input x FP32 [-1], outputs y FP32 [-1] and s BYTES [-1].
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "enclave/infer/packet.h"
#include "enclave/infer/protocol.h"
#include "enclave/worker/sandbox.h"

namespace blindai {
namespace {

namespace wp = worker_protocol;

class Liar {
 public:
  explicit Liar(WorkerArguments arguments) : arguments_(std::move(arguments)) {}
  [[noreturn]] void live();

 private:
  bool is(std::string_view lie) const { return arguments_.library == lie; }
  template <typename T>
  void send(const T& message, int fd = -1) {
    wp::encode(message, out_);
    send_packet(wp::kSocketFd, out_, fd, true);
  }
  void send_raw(const Bytes& raw) { send_packet(wp::kSocketFd, raw, -1, true); }
  void receive() {
    received_ = receive_packet_with_fd(wp::kSocketFd, storage_);
    if (received_.state != Received::State::kMessage) _exit(0);
  }
  BytesView message() const { return BytesView(storage_).first(received_.size); }
  void introduce();
  void load();
  void answer(const wp::Run& run);
  wp::Done honest(const wp::Run& run);
  [[noreturn]] void wait_for_the_end() {
    for (;;) sleep(1000);
  }

  const WorkerArguments arguments_;
  Bytes out_;
  std::vector<uint8_t> storage_ = std::vector<uint8_t>(wp::kMaxMessage);
  Received received_{Received::State::kNothing, 0, OwnedFd()};
  uint8_t* buffer_ = nullptr;
};

void Liar::introduce() {
  wp::Ready ready;
  if (is("ready-unsandboxed")) {
    for (const Layer layer : all_layers()) ready.sandbox[layer] = LayerState::applied();
  } else {
    ready.sandbox = leave_privileges(arguments_, wp::kSocketFd);
    close_system_calls(ready.sandbox);
  }
  if (is("ready-version")) ready.version = wp::kVersion + 1;
  if (is("ready-open")) ready.sandbox = {};
  if (is("ready-filterless")) ready.sandbox[Layer::kSeccomp] = {};
  if (is("silent")) wait_for_the_end();
  if (is("noise")) send_raw(Bytes(1000, 0x5a));
  if (is("huge")) send_raw(Bytes(wp::kMaxMessage + 1, 0));
  if (is("done-first")) send(wp::Done{});
  send(ready);
  if (is("ready-twice")) send(ready);
}

void Liar::load() {
  receive();
  wp::Loaded loaded{{{{"x", Datatype::kFp32, {-1}}},
                     {{"y", Datatype::kFp32, {-1}}, {"s", Datatype::kBytes, {-1}}}}};
  if (is("loaded-names")) loaded.signature.outputs[1].name = "y";
  if (is("loaded-empty")) loaded.signature.outputs.clear();
  if (is("loaded-control")) loaded.signature.inputs[0].name = "x\n";
  if (is("loaded-shape")) loaded.signature.inputs[0].shape = {-2};
  if (is("refused-text")) send(wp::Refused{wp::Refusal::kLimit, "bad\x01text"});
  if (is("refused-rule")) send(wp::Refused{wp::Refusal::kRule, "no such rule", 0xffff});
  if (is("die-loading")) _exit(9);
  send(loaded);
  if (is("loaded-twice")) send(loaded);
}

// y is 4 bytes at the start of the output area, s one empty string after it.
wp::Done Liar::honest(const wp::Run& run) {
  std::memset(buffer_ + run.output_offset, 0, 128);
  return {.job = run.job,
          .run_ns = 1,
          .outputs = {{0, Datatype::kFp32, {1}, run.output_offset, 4},
                      {1, Datatype::kBytes, {1}, run.output_offset + 64, 4}}};
}

void Liar::answer(const wp::Run& run) {
  wp::Done done = honest(run);
  wp::TensorPlace& y = done.outputs[0];
  wp::TensorPlace& s = done.outputs[1];
  if (is("job")) done.job += 1;
  if (is("before-area")) y.offset = run.output_offset - 64;
  if (is("input-area")) y.offset = 0;
  if (is("past-area")) y.offset = run.output_offset + run.output_length - 2;
  if (is("past-buffer")) y.offset = run.buffer_bytes;
  if (is("wrap-offset")) y.offset = ~uint64_t{0} - 1;
  if (is("wrap-length")) y.length = ~uint64_t{0} - run.output_offset + 1;
  if (is("long"))
    y = {0, Datatype::kFp32, {int64_t{1} << 33}, run.output_offset, uint64_t{1} << 35};
  if (is("length")) y.length = 8;
  if (is("shape-wrap")) y.shape = {int64_t{1} << 62, 4};
  if (is("datatype")) y.datatype = Datatype::kInt32;
  if (is("index")) std::swap(y, s);
  if (is("index-out")) y.index = 77;
  if (is("fewer")) done.outputs.pop_back();
  if (is("more")) done.outputs.push_back(y);
  if (is("spilled")) done.spilled = true;
  if (is("bytes-count")) s.shape = {2};
  if (is("bytes-many")) s = {1, Datatype::kBytes, {int64_t{1} << 39}, s.offset, 4};
  if (is("bytes-long")) buffer_[run.output_offset + 64] = 200;
  if (is("cut")) {
    wp::encode(done, out_);
    out_.pop_back();
    return send_raw(out_);
  }
  if (is("trailing")) {
    wp::encode(done, out_);
    out_.push_back(0);
    return send_raw(out_);
  }
  if (is("empty-packet")) return send_raw({});
  if (is("own-type")) return send(wp::Cancel{run.job});
  if (is("failed-text")) return send(wp::Failed{run.job, wp::Failure::kRun, "caf\xc3\xa9"});
  if (is("failed-cancelled")) return send(wp::Failed{run.job, wp::Failure::kCancelled, "stopped"});
  if (is("need-nothing")) return send(wp::Need{run.job, 0});
  if (is("need-less")) return send(wp::Need{run.job, run.output_length});
  if (is("need-other")) return send(wp::Need{run.job + 5, 1 << 20});
  if (is("need-all")) return send(wp::Need{run.job, ~uint64_t{0}});
  if (is("need-twice")) {
    send(wp::Need{run.job, run.output_length + 64});
    return send(wp::Need{run.job, run.output_length + 64});
  }
  if (is("need-short")) {
    send(wp::Need{run.job, run.output_length + 64});
    receive();
    done.spilled = true;
    y = {0,
         Datatype::kFp32,
         {static_cast<int64_t>(run.output_length / 4 + 17)},
         0,
         run.output_length + 68};
    return send(done);
  }
  if (is("hang")) wait_for_the_end();
  if (is("close")) {
    close(wp::kSocketFd);
    wait_for_the_end();
  }
  if (is("exit")) _exit(3);
  if (is("abort")) std::abort();
  if (is("shrink")) {
    // Neither the size nor the seals give way; then an honest answer.
    const bool changed = ftruncate(received_.fd.get(), 0) == 0 ||
                         fcntl(received_.fd.get(), F_ADD_SEALS, F_SEAL_WRITE) == 0;
    if (changed) return send(wp::Failed{run.job, wp::Failure::kRun, "the size could be changed"});
  }
  if (is("descriptors")) {
    for (int i = 0; i < 100; ++i) send(wp::Failed{run.job + 1000, wp::Failure::kRun, ""}, 0);
    return;
  }
  if (is("time")) done.run_ns = ~uint64_t{0};
  send(done);
  if (is("twice")) send(done);
}

void Liar::live() {
  introduce();
  load();
  for (;;) {
    receive();
    wp::Run run;
    if (!wp::decode(message(), run)) continue;
    if (received_.fd)
      buffer_ = static_cast<uint8_t*>(mmap(nullptr, run.buffer_bytes, PROT_READ | PROT_WRITE,
                                           MAP_SHARED, received_.fd.get(), 0));
    answer(run);
  }
}

}  // namespace
}  // namespace blindai

int main(int argc, char** argv) {
  const auto arguments = blindai::parse_worker_arguments(argc, argv);
  if (!arguments) return 64;
  blindai::Liar(*arguments).live();
}
