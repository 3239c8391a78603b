#include "enclave/infer/protocol.h"

#include <gtest/gtest.h>

#include "lib/base/byte_reader.h"
#include "lib/onnx/rules.h"

namespace blindai::worker_protocol {
namespace {

Run sample_run() {
  return {.job = 7,
          .buffer = 3,
          .buffer_bytes = 8192,
          .output_offset = 4096,
          .output_length = 4096,
          .inputs = {{0, Datatype::kFp32, {1, 16}, 0, 64}, {1, Datatype::kBytes, {}, 64, 9}},
          .outputs = {0, 2}};
}
Ready sample_ready() {
  Ready ready;
  ready.resident_bytes = 1 << 24;
  ready.sandbox[Layer::kSeccomp] = LayerState::applied();
  ready.sandbox[Layer::kPidNamespace] = LayerState::refused(1);
  ready.sandbox[Layer::kCgroup] = LayerState::refused(LayerState::kMaxError);
  return ready;
}
Loaded sample_loaded() {
  return {{{{"x", Datatype::kInt64, {-1, 3}}, {"\xc3\xa9t\xc3\xa9", Datatype::kBool, {}}},
           {{"y", Datatype::kBf16, {0}}}}};
}
Done sample_done() {
  return {.job = 7,
          .run_ns = 1234,
          .spilled = true,
          .outputs = {{0, Datatype::kFp64, {2, 0}, 0, 0}, {2, Datatype::kUint8, {5}, 64, 5}}};
}

template <typename T>
Bytes encoded(const T& message) {
  Bytes out;
  encode(message, out);
  return out;
}

// What decodes encodes to the same bytes; anything else is an error, never a crash.
template <typename T>
bool decodes_canonically(BytesView bytes) {
  T out;
  if (!decode(bytes, out)) return false;
  EXPECT_TRUE(equal(encoded(out), bytes));
  return true;
}

template <typename T>
void check_message(const T& message) {
  const Bytes wire = encoded(message);
  T out;
  ASSERT_TRUE(decode(wire, out).has_value());
  EXPECT_EQ(out, message);
  EXPECT_TRUE(type_of(wire).has_value());
  for (size_t length = 0; length < wire.size(); ++length)
    EXPECT_FALSE(decode(BytesView(wire).first(length), out)) << length;
  Bytes longer = wire;
  longer.push_back(0);
  EXPECT_FALSE(decode(longer, out));
  for (size_t bit = 0; bit < wire.size() * 8; ++bit) {
    Bytes flipped = wire;
    flipped[bit / 8] ^= static_cast<uint8_t>(1U << (bit % 8));
    decodes_canonically<T>(flipped);
  }
}

TEST(WorkerProtocol, EveryMessageSurvivesAndEveryCutIsNoticed) {
  check_message(sample_ready());
  check_message(Load{.run_threads = 4, .intra_op_threads = 2, .model_bytes = 99});
  check_message(sample_run());
  check_message(Output{7, 1 << 20});
  check_message(Cancel{7});
  check_message(DropBuffer{3});
  check_message(sample_loaded());
  check_message(Refused{Refusal::kLimit, "The model has 300 inputs."});
  check_message(Refused{Refusal::kRule, "The model has a function.",
                        static_cast<uint16_t>(onnx::Rule::kFunctions)});
  check_message(Need{7, 1 << 20});
  check_message(sample_done());
  check_message(Failed{7, Failure::kMemory, ""});
}

TEST(WorkerProtocol, OneMessageIsNotAnother) {
  Done done;
  worker_protocol::Run run;
  EXPECT_FALSE(decode(encoded(sample_run()), done));
  EXPECT_FALSE(decode(encoded(sample_done()), run));
  for (const uint16_t type : std::initializer_list<uint16_t>{0, 6, 16, 23, 0xffff}) {
    Bytes wire;
    put_u16le(wire, type);
    put_u16le(wire, 0);
    EXPECT_FALSE(type_of(wire)) << type;
  }
}

template <typename T>
std::string error_of(const T& message) {
  T out;
  const Status status = decode(encoded(message), out);
  return status ? "no error" : std::string(status.error().name());
}

TEST(WorkerProtocol, NumbersOutsideTheirLimitsAreRefused) {
  worker_protocol::Run run = sample_run();
  run.inputs[0].shape = {-1};
  EXPECT_EQ(error_of(run), "worker.bounds");
  run.inputs[0].shape.assign(kMaxRank + 1, 1);
  EXPECT_EQ(error_of(run), "worker.bounds");
  run.inputs[0].shape.assign(kMaxRank, 1);
  EXPECT_EQ(error_of(run), "no error");
  run.inputs[0].datatype = static_cast<Datatype>(kNumDatatypes);
  EXPECT_EQ(error_of(run), "worker.bounds");
  run = sample_run();
  run.outputs.clear();
  EXPECT_EQ(error_of(run), "worker.bounds");
  run.outputs.assign(kMaxTensors + 1, 0);
  EXPECT_EQ(error_of(run), "worker.bounds");
  run = sample_run();
  run.inputs.resize(kMaxTensors + 1);
  EXPECT_EQ(error_of(run), "worker.bounds");
  EXPECT_EQ(error_of(Load{.run_threads = 0, .model_bytes = 1}), "worker.bounds");
  EXPECT_EQ(error_of(Load{.run_threads = 65, .model_bytes = 1}), "worker.bounds");
  EXPECT_EQ(error_of(Load{.model_bytes = 0}), "worker.bounds");
  EXPECT_EQ(error_of(Failed{1, static_cast<Failure>(0), ""}), "worker.bounds");
  EXPECT_EQ(error_of(Failed{1, static_cast<Failure>(6), ""}), "worker.bounds");
  EXPECT_EQ(error_of(Refused{static_cast<Refusal>(5), ""}), "worker.bounds");
  EXPECT_EQ(error_of(Refused{Refusal::kRule, "", 0}), "worker.bounds");
  EXPECT_EQ(error_of(Refused{Refusal::kRule, "", onnx::kNumRules + 1}), "worker.bounds");
  EXPECT_EQ(error_of(Refused{Refusal::kLimit, "", 1}), "worker.bounds");
}

TEST(WorkerProtocol, ALayersStateIsOneThatThereIs) {
  const auto with_state = [](LayerState state) {
    Ready ready = sample_ready();
    ready.sandbox[Layer::kUser] = state;
    return error_of(ready);
  };
  using Kind = LayerState::Kind;
  EXPECT_EQ(with_state(LayerState::refused(13)), "no error");
  EXPECT_EQ(with_state({static_cast<Kind>(3), 0}), "worker.bounds");
  EXPECT_EQ(with_state({Kind::kRefused, 0}), "worker.bounds");
  EXPECT_EQ(with_state({Kind::kRefused, LayerState::kMaxError + 1}), "worker.bounds");
  EXPECT_EQ(with_state({Kind::kApplied, 1}), "worker.bounds");
  EXPECT_EQ(with_state({Kind::kNotPresent, 1}), "worker.bounds");
  for (const uint8_t count : {uint8_t{0}, uint8_t{kNumLayers - 1}, uint8_t{kNumLayers + 1}}) {
    Bytes wire = encoded(sample_ready());
    wire[8] = count;
    Ready out;
    EXPECT_EQ(decode(wire, out).error().name(), "worker.bounds");
  }
}

TEST(WorkerProtocol, SentencesArePrintableAndShort) {
  EXPECT_EQ(error_of(Failed{1, Failure::kRun, std::string(kMaxSentence, 'a')}), "no error");
  EXPECT_EQ(error_of(Failed{1, Failure::kRun, std::string(kMaxSentence + 1, 'a')}),
            "worker.bounds");
  EXPECT_EQ(error_of(Failed{1, Failure::kRun, "a\nb"}), "worker.bounds");
  EXPECT_EQ(error_of(Failed{1, Failure::kRun, "\xc3\xa9"}), "worker.bounds");
  EXPECT_EQ(clean_sentence("  a\r\n\tb \x01\x7f\xff c  "), "a b c");
  EXPECT_EQ(clean_sentence(std::string(5000, 'x')).size(), kMaxSentence);
  EXPECT_EQ(clean_sentence("\n\n"), "");
}

TEST(WorkerProtocol, NamesAreTextAndUsedOnce) {
  const auto with_name = [](std::string name) {
    Loaded loaded = sample_loaded();
    loaded.signature.inputs[0].name = std::move(name);
    return error_of(loaded);
  };
  EXPECT_EQ(with_name("a/b:0"), "no error");
  EXPECT_EQ(with_name("y"), "no error");  // an input may be called like an output
  EXPECT_EQ(with_name(""), "worker.name");
  EXPECT_EQ(with_name("a\nb"), "worker.name");
  EXPECT_EQ(with_name(std::string("a\0b", 3)), "worker.name");
  EXPECT_EQ(with_name("\xff"), "worker.name");
  EXPECT_EQ(with_name("\xc3\xa9t\xc3\xa9"), "worker.name");
  EXPECT_EQ(with_name(std::string(kMaxName, 'n')), "no error");
  EXPECT_EQ(with_name(std::string(kMaxName + 1, 'n')), "worker.bounds");
}

TEST(WorkerProtocol, BytesTensorsAreWalkedToTheirExactEnd) {
  const Bytes two = {1, 0, 0, 0, 'a', 0, 0, 0, 0};
  EXPECT_TRUE(is_bytes_tensor(two, 2));
  EXPECT_FALSE(is_bytes_tensor(two, 1));
  EXPECT_FALSE(is_bytes_tensor(two, 3));
  EXPECT_FALSE(is_bytes_tensor(BytesView(two).first(8), 2));
  EXPECT_TRUE(is_bytes_tensor({}, 0));
  EXPECT_FALSE(is_bytes_tensor({}, UINT64_MAX));
  EXPECT_FALSE(is_bytes_tensor(Bytes(16, 0xff), 1));
}

}  // namespace
}  // namespace blindai::worker_protocol
