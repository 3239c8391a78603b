#include "enclave/worker/session.h"

#include <gtest/gtest.h>

#include "tests/onnx_builder.h"

namespace blindai {
namespace {

TEST(Session, MasksWhatIsNotTheCallersToKnow) {
  EXPECT_EQ(
      mask_run_error("Non-zero status code returned while running Gather node. "
                     "Name:'/model/secret/Gather' Status Message: indices element out of data "
                     "bounds, idx=57 must be within the inclusive range [-10,9]"),
      "Non-zero status code returned while running Gather node. Name: Status Message: indices "
      "element out of data bounds, idx=# must be within the inclusive range [-#,#]");
  EXPECT_EQ(mask_run_error("/onnxruntime_src/a/b.cc:12 Run() \"x y\" failed"), "Run() failed");
  EXPECT_EQ(mask_run_error("an open 'quote"), "an open");
}

std::string library() {
  return BLINDAI_SOURCE_DIR "/.cache/onnxruntime/lib/libonnxruntime.so.1.28.0";
}

TEST(Engine, IsOpenedByItsAbsolutePathOnly) {
  auto relative = Engine::open("libonnxruntime.so.1.28.0");
  ASSERT_FALSE(relative.has_value());
  EXPECT_EQ(relative.error().name(), "infer.engine-open");
  auto other = Engine::open("/lib/x86_64-linux-gnu/libm.so.6");
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().name(), "infer.engine-api");
}

// The check of the model has refused these before; ONNX Runtime is set up not to open files either.
TEST(Session, OpensNoFileThatAModelNames) {
  auto engine = Engine::open(library());
  ASSERT_TRUE(engine.has_value()) << engine.error().sentence;
  for (const char* file : {"/etc/hostname", "../../../../../../../../etc/hostname"}) {
    const Bytes model = onnx_builder::Graph()
                            .output("y", Datatype::kUint8, {4})
                            .external("w", Datatype::kUint8, {4}, file)
                            .node("Identity", {"w"}, {"y"})
                            .model();
    EXPECT_FALSE(Session::load(**engine, model, {.model_bytes = model.size()}).has_value()) << file;
  }
}

TEST(Engine, RefusesTensorsOverItsMemory) {
  auto engine = Engine::open(library());
  ASSERT_TRUE(engine.has_value()) << engine.error().sentence;
  ASSERT_TRUE((*engine)->set_tensor_memory(8 << 20).has_value());
  auto session = Session::load(**engine, onnx_builder::zeros_of_shape(), {.model_bytes = 1});
  ASSERT_TRUE(session.has_value()) << session.error().sentence;
  Session::Slot slot(**session);
  uint64_t run_ns = 0;
  const auto run = [&](int64_t elements) {
    Bytes input(64, 0);
    for (size_t i = 0; i < 8; ++i) input[i] = static_cast<uint8_t>(elements >> (8 * i));
    return (*session)->run(slot, {.inputs = {{0, Datatype::kInt64, {1}, 0, 8}}, .outputs = {0}},
                           input, run_ns);
  };
  EXPECT_TRUE(run(1000).has_value());
  auto large = run(16 << 20);
  ASSERT_FALSE(large.has_value());
  EXPECT_EQ(large.error().reason, worker_protocol::Failure::kMemory) << large.error().sentence;
  EXPECT_TRUE(run(1000).has_value());
}

}  // namespace
}  // namespace blindai
