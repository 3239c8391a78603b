// The Python package's way into the C++ client: shims only. What people use is in src/blindai; its
// connection.py is the one caller of this module, and _core.pyi its interface.
//
// Every call that waits (network, verification, lock) does so without the interpreter lock. A
// Problem becomes an exception made by blindai.errors; nothing of the C++ side is quoted in it but
// the problem's own sentence, which by its contract holds no tensor data.
#include <atomic>
#include <deque>
#include <mutex>
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>
#include <thread>

#include "client/cpp/evidence_file.h"
#include "client/python/_convert.h"
#include "client/python/_keys.h"
#include "lib/attest/policy.h"

namespace nb = nanobind;

namespace blindai {
namespace {

using PyInput = std::tuple<std::string, std::string, std::vector<int64_t>, nb::object>;

// One verified connection. Python threads take turns on it.
class PyConnection {
 public:
  PyConnection(const std::string& address, const Policy& policy, bool simulation,
               int64_t connect_ms, int64_t request_ms, const PyApiKey* api_key,
               nb::object account_token)
      : account_token_(std::move(account_token)) {
    ConnectOptions options{.policy = policy,
                           .simulation = simulation,
                           .connect_time = std::chrono::milliseconds(connect_ms),
                           .request_time = std::chrono::milliseconds(request_ms),
                           .interrupted = [this] { return interrupted(); }};
    if (api_key != nullptr) options.api_key = api_key->key;
    if (!account_token_.is_none()) options.account_token = [this] { return fresh_token(); };
    AttestedServer seen;
    Outcome<std::unique_ptr<Connection>> made = [&] {
      const nb::gil_scoped_release unlocked;
      return Connection::connect(address, options, &seen);
    }();
    rethrow(std::move(raised_));
    if (!made.has_value()) raise(made.error(), to_json(seen));
    connection_ = std::move(*made);
  }

  void close() {
    refuse_reentry();
    const nb::gil_scoped_release unlocked;
    const std::lock_guard lock(turn_);
    if (connection_ != nullptr) report_ = to_json(connection_->server());
    connection_.reset();
  }

  // Of a closed connection: its last.
  nb::str report() {
    refuse_reentry();
    {
      const nb::gil_scoped_release unlocked;
      const std::lock_guard lock(turn_);
      if (connection_ != nullptr) report_ = to_json(connection_->server());
    }
    return text(report_);
  }

  nb::object upload_model(const std::string& path, const std::string& model_id, bool save_model,
                          nb::object progress, bool replace, bool is_private,
                          const std::vector<std::string>& callers) {
    UploadOptions options;
    options.replace = replace;
    options.is_private = is_private;
    options.callers = public_keys(callers);
    options.save_model = save_model;
    options.stop = [this] { return interrupted(); };
    if (!progress.is_none())
      options.progress = [&](uint64_t sent, uint64_t total) {
        const nb::gil_scoped_acquire locked;
        try {
          if (raised_ == nullptr) progress(sent, total);
        } catch (nb::python_error& error) {
          raised_ = std::make_unique<nb::python_error>(std::move(error));
        }
      };
    return to_python(value_or_raise(
        exclusively([&](Connection& c) { return c.upload_model(path, model_id, options); })));
  }

  nb::object predict(const std::string& model_id, const std::vector<PyInput>& inputs,
                     std::vector<std::string> outputs, const std::optional<std::string>& model_hash,
                     std::string request_id, uint64_t least_epoch) {
    PredictOptions options;
    options.least_epoch = least_epoch;
    options.outputs = std::move(outputs);
    options.request_id = std::move(request_id);
    if (model_hash.has_value()) {
      const Result<Sha256Digest> hash = array_from_hex<32>(*model_hash);
      if (!hash.has_value()) throw nb::value_error("model_hash has to be 64 hexadecimal digits");
      options.model_hash = *hash;
    }
    std::deque<Buffer> buffers;
    std::vector<TensorView> views;
    for (const auto& [name, datatype_name, shape, data] : inputs) {
      const std::optional<Datatype> datatype = datatype_from_name(datatype_name);
      if (!datatype.has_value()) throw nb::value_error("no such datatype");
      views.push_back({name, *datatype, shape, buffers.emplace_back(data).bytes()});
    }
    return to_python(value_or_raise(
        exclusively([&](Connection& c) { return c.predict(model_id, views, options); })));
  }

  nb::list models() {
    nb::list out;
    for (const ModelInfo& model :
         value_or_raise(exclusively([](Connection& c) { return c.models(); })))
      out.append(to_python(model));
    return out;
  }

  nb::object model(const std::string& model_id, uint64_t least_epoch) {
    return to_python(
        value_or_raise(exclusively([&](Connection& c) { return c.model(model_id, least_epoch); })));
  }

  nb::object delete_model(const std::string& model_id) {
    return to_python(
        value_or_raise(exclusively([&](Connection& c) { return c.delete_model(model_id); })));
  }

  nb::object access(const std::string& model_id) {
    return to_python(
        value_or_raise(exclusively([&](Connection& c) { return c.access(model_id); })));
  }

  nb::object set_access(const std::string& model_id, bool is_private,
                        const std::vector<std::string>& callers,
                        const std::vector<std::string>& handover) {
    ModelAccess rules{.is_private = is_private, .callers = public_keys(callers), .handover = {}};
    for (const std::string& to : handover)
      rules.handover.push_back(value_or_raise(Outcome<ByteArray<32>>(array_from_hex<32>(to))));
    const std::optional<StoredReceipt> receipt =
        value_or_raise(exclusively([&](Connection& c) { return c.set_access(model_id, rules); }));
    return to_python(receipt);
  }

  nb::object keys() {
    return to_python(value_or_raise(exclusively([](Connection& c) { return c.keys(); })));
  }

  nb::object endorse(std::string_view key, std::string_view consent_text) {
    const PublicKey endorsed = public_key(key);
    const auto consent =
        value_or_raise(Outcome<ByteArray<kEd25519SignatureLen>>(parse_consent(consent_text)));
    return to_python(
        value_or_raise(exclusively([&](Connection& c) { return c.endorse(endorsed, consent); })));
  }

  nb::object retire(std::string_view key) {
    const PublicKey retired = public_key(key);
    return to_python(value_or_raise(exclusively([&](Connection& c) { return c.retire(retired); })));
  }

 private:
  // A progress callback runs inside a call; one that calls again would wait for itself.
  void refuse_reentry() const {
    if (busy_.load() == std::this_thread::get_id())
      throw nb::value_error("the connection cannot be used from its own progress callback");
  }

  // Whether a call should end because Python raised in it: a progress callback did, or a signal's
  // handler (Ctrl-C), which Python runs in its main thread alone. Called without the interpreter
  // lock.
  bool interrupted() {
    const nb::gil_scoped_acquire locked;
    if (raised_ == nullptr && PyErr_CheckSignals() != 0)
      raised_ = std::make_unique<nb::python_error>();
    return raised_ != nullptr;
  }

  // Asks Python for an account token. Called without the interpreter lock.
  Outcome<std::string> fresh_token() {
    const nb::gil_scoped_acquire locked;
    try {
      return nb::cast<std::string>(account_token_());
    } catch (nb::python_error& error) {
      raised_ = std::make_unique<nb::python_error>(std::move(error));
    } catch (const nb::cast_error&) {
      return problem(Code::kInvalid, "client.token.text",
                     "account_token() has to return the token's text.");
    }
    return problem(Code::kUnavailable, "client.token.source", "account_token() raised.");
  }

  static void rethrow(std::unique_ptr<nb::python_error> raised) {
    if (raised != nullptr) throw std::move(*raised);
  }

  template <typename Work>
  std::invoke_result_t<Work, Connection&> exclusively(Work&& work) {
    refuse_reentry();
    std::optional<std::invoke_result_t<Work, Connection&>> answer;
    std::unique_ptr<nb::python_error> raised;
    {
      const nb::gil_scoped_release unlocked;
      const std::lock_guard lock(turn_);
      busy_ = std::this_thread::get_id();
      if (connection_ != nullptr) answer.emplace(work(*connection_));
      busy_ = std::thread::id();
      raised = std::move(raised_);
    }
    rethrow(std::move(raised));
    if (!answer.has_value())
      throw nb::value_error("the connection is closed; make a new one with blindai.connect()");
    return std::move(*answer);
  }

  const nb::object account_token_;  // a callable, or none
  std::mutex turn_;
  std::atomic<std::thread::id> busy_;
  std::unique_ptr<nb::python_error> raised_;  // by Python inside the running call
  std::unique_ptr<Connection> connection_;    // null once closed
  std::string report_;                        // of the last verification, once asked for or closed
};

// JSON. `at`: seconds since 1970, or none for now.
nb::str verify_file(nb::bytes file, const Policy& policy, const std::string& collateral_folder,
                    std::optional<nb::bytes> claims, std::optional<int64_t> at, bool simulation,
                    const std::string& tpm_folder, std::optional<nb::bytes> nonce) {
  const auto view = [](const nb::bytes& b) {
    return BytesView(static_cast<const uint8_t*>(b.data()), b.size());
  };
  EvidenceInputs inputs{.policy = policy,
                        .simulation = simulation,
                        .at = at.has_value() ? Time{*at} : now_of_system(),
                        .claims = {},
                        .collateral_folder = collateral_folder,
                        .tpm_folder = tpm_folder};
  if (claims.has_value()) inputs.claims = to_bytes(view(*claims));
  if (nonce.has_value()) inputs.nonce = to_bytes(view(*nonce));
  JudgedEvidence seen;
  const BytesView bytes = view(file);
  const Outcome<void> verdict = [&] {
    const nb::gil_scoped_release unlocked;
    return verify_evidence_file(bytes, inputs, seen);
  }();
  const std::string report = seen.verification.checks().empty() ? "" : to_json(seen);
  if (!verdict.has_value()) raise(verdict.error(), report);
  return text(report);
}

}  // namespace
}  // namespace blindai

NB_MODULE(_core, m) {
  using namespace nb::literals;
  using blindai::Policy;
  using blindai::PyConnection;

  m.attr("version") = BLINDAI_VERSION;
  blindai::bind_keys(m);

  nb::class_<Policy>(m, "Policy")
      .def_static(
          "parse",
          [](std::string_view text) {
            return blindai::value_or_raise(blindai::parse_policy(text));
          },
          "text"_a)
      .def("to_toml", [](const Policy& self) { return blindai::policy_to_toml(self); })
      .def("__eq__", [](const Policy& self, const Policy& other) { return self == other; });

  m.def("verify", &blindai::verify_file, "file"_a, "policy"_a, "collateral_folder"_a,
        "claims"_a.none(), "at"_a.none(), "simulation"_a, "tpm_folder"_a, "nonce"_a.none());

  nb::class_<PyConnection>(m, "Connection")
      .def(nb::init<const std::string&, const Policy&, bool, int64_t, int64_t,
                    const blindai::PyApiKey*, nb::object>(),
           "address"_a, "policy"_a, "simulation"_a, "connect_ms"_a, "request_ms"_a,
           "api_key"_a.none(), "account_token"_a.none())
      .def("close", &PyConnection::close)
      .def("report", &PyConnection::report)
      .def("upload_model", &PyConnection::upload_model, "path"_a, "model_id"_a, "save_model"_a,
           "progress"_a.none(), "replace"_a, "private"_a, "callers"_a)
      .def("predict", &PyConnection::predict, "model_id"_a, "inputs"_a, "outputs"_a,
           "model_hash"_a.none(), "request_id"_a, "least_epoch"_a)
      .def("models", &PyConnection::models)
      .def("model", &PyConnection::model, "model_id"_a, "least_epoch"_a)
      .def("delete_model", &PyConnection::delete_model, "model_id"_a)
      .def("access", &PyConnection::access, "model_id"_a)
      .def("set_access", &PyConnection::set_access, "model_id"_a, "private"_a, "callers"_a,
           "handover"_a)
      .def("keys", &PyConnection::keys)
      .def("endorse", &PyConnection::endorse, "key"_a, "consent"_a)
      .def("retire", &PyConnection::retire, "key"_a);
}
