#include "visualizer/app/main/window.hpp"

#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>
#define GL_SILENCE_DEPRECATION
#include <GLFW/glfw3.h>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>

#include "visualizer/app/feed.hpp"

namespace ikelab::view {
namespace {

Error no_display(std::string_view why) {
  return Error{.code = "E-VIEW-001",
               .message = fmt::format("no window can be opened here: {}", why),
               .offset = {},
               .rfc = "",
               .place = "",
               .hint =
                   "draw a picture with `ikelab view --png FILE`, or read the run in the terminal "
                   "with `ikelab show`"};
}

// Alone: rows of the ladder; with Shift events, with Ctrl packets, with Alt the history.
void on_arrow(FrameInput& input, bool left, int mods) {
  if ((mods & GLFW_MOD_ALT) != 0)
    (left ? input.history_back : input.history_forward) = true;
  else if ((mods & GLFW_MOD_SHIFT) != 0)
    input.step_event = left ? -1 : 1;
  else if ((mods & GLFW_MOD_CONTROL) != 0)
    input.step_packet = left ? -1 : 1;
  else
    (left ? input.step_back : input.step_forward) = true;
}

constexpr int control = GLFW_MOD_CONTROL;

// What a key asks for. `mods`: must be held; a key without it ignores those not `barred`.
struct Key {
  int key, mods, barred;
  bool again;  ///< also while it is held down
  void (*act)(FrameInput&);
};
constexpr Key keys[] = {
    {GLFW_KEY_SPACE, 0, 0, false, [](FrameInput& i) { i.play = true; }},
    // ImGui misses a key that is pressed and released between two frames.
    {GLFW_KEY_ENTER, 0, 0, true, [](FrameInput& i) { i.accept = true; }},
    {GLFW_KEY_KP_ENTER, 0, 0, true, [](FrameInput& i) { i.accept = true; }},
    {GLFW_KEY_UP, 0, 0, true, [](FrameInput& i) { i.choose = -1; }},
    {GLFW_KEY_DOWN, 0, 0, true, [](FrameInput& i) { i.choose = 1; }},
    {GLFW_KEY_HOME, 0, 0, true, [](FrameInput& i) { i.begin = true; }},
    {GLFW_KEY_END, 0, 0, true, [](FrameInput& i) { i.end = true; }},
    {GLFW_KEY_B, 0, control, false, [](FrameInput& i) { i.bookmark = true; }},
    {GLFW_KEY_LEFT_BRACKET, 0, 0, true, [](FrameInput& i) { i.to_bookmark = -1; }},
    {GLFW_KEY_RIGHT_BRACKET, 0, 0, true, [](FrameInput& i) { i.to_bookmark = 1; }},
    {GLFW_KEY_C, control, 0, true, [](FrameInput& i) { i.copy = true; }},
    {GLFW_KEY_E, control, 0, false, [](FrameInput& i) { i.export_page = true; }},
    {GLFW_KEY_ESCAPE, 0, 0, false, [](FrameInput& i) { i.leave = true; }},
    {GLFW_KEY_K, control, 0, true, [](FrameInput& i) { i.find = true; }},
    {GLFW_KEY_F, control, 0, true, [](FrameInput& i) { i.find = true; }},
    {GLFW_KEY_A, 0, control, false, [](FrameInput& i) { i.axis = true; }},
    {GLFW_KEY_X, 0, control, false, [](FrameInput& i) { i.explain = true; }},
    {GLFW_KEY_EQUAL, 0, 0, true, [](FrameInput& i) { i.zoom = 1; }},
    {GLFW_KEY_KP_ADD, 0, 0, true, [](FrameInput& i) { i.zoom = 1; }},
    {GLFW_KEY_MINUS, 0, 0, true, [](FrameInput& i) { i.zoom = -1; }},
    {GLFW_KEY_KP_SUBTRACT, 0, 0, true, [](FrameInput& i) { i.zoom = -1; }},
    {GLFW_KEY_0, 0, control, true, [](FrameInput& i) { i.fit = true; }},
};

// Collects keys for the next frame. ImGui's backend chains to it, so texts still receive theirs.
void on_key(GLFWwindow* window, int key, int, int action, int mods) {
  auto& input = *static_cast<FrameInput*>(glfwGetWindowUserPointer(window));
  if (action == GLFW_RELEASE) return;
  if (key == GLFW_KEY_LEFT || key == GLFW_KEY_RIGHT)
    return on_arrow(input, key == GLFW_KEY_LEFT, mods);
  if (key >= GLFW_KEY_1 && key <= GLFW_KEY_9 && (mods & (GLFW_MOD_ALT | control)) == 0)
    input.panel = key - GLFW_KEY_0;
  for (const Key& k : keys)
    if (k.key == key && (mods & k.mods) == k.mods && (mods & k.barred) == 0 &&
        (k.again || action == GLFW_PRESS))
      k.act(input);
}

void load_type(Kit& kit) {
  std::vector<std::string> missing;
  kit.fonts = load_fonts(kit.scale, missing);
  ImGui::GetIO().FontDefault = kit.fonts.body;
  for (const std::string& line : missing) fmt::print(stderr, "ikelab-view: {}\n", line);
}

void rescale(Kit& kit, float scale) {
  kit.scale = scale;
  ImGui_ImplOpenGL3_DestroyFontsTexture();
  load_type(kit);
  ImGui_ImplOpenGL3_CreateFontsTexture();
}

// Where the reader is, line by line into a file: what a test outside can see.
class Teller {
 public:
  explicit Teller(const std::filesystem::path& file) {
    if (!file.empty()) out_.open(file);
  }
  void place(const Shell& shell) {
    if (!out_.is_open()) return;
    std::string now = shell.place();
    if (now == last_) return;
    out_ << now << std::endl;
    last_ = std::move(now);
  }

 private:
  std::ofstream out_;
  std::string last_;
};

// $XDG_CONFIG_HOME/ikelab/view, or ~/.config/ikelab/view.
std::filesystem::path memory_file() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  if (config != nullptr && *config != 0) return std::filesystem::path(config) / "ikelab" / "view";
  const char* home = std::getenv("HOME");
  return home == nullptr ? std::filesystem::path()
                         : std::filesystem::path(home) / ".config" / "ikelab" / "view";
}

void recall(Shell& shell, bool with_look) {
  std::ifstream in(memory_file());
  std::string line;
  if (std::getline(in, line)) shell.set_layout(line, with_look);
}

void remember(const Shell& shell) {
  const std::filesystem::path file = memory_file();
  if (file.empty()) return;
  std::error_code ignored;  // a home that cannot be written is no reason to complain
  std::filesystem::create_directories(file.parent_path(), ignored);
  std::ofstream(file) << shell.layout() << '\n';
}

volatile std::sig_atomic_t asked_to_stop = 0;

void loop(GLFWwindow* window, Kit& kit, Shell& shell, Feed& feed, FrameInput& input, Teller& tell) {
  double last = glfwGetTime();
  while (glfwWindowShouldClose(window) == 0 && asked_to_stop == 0) {
    if (shell.session.playing)
      glfwPollEvents();
    else
      glfwWaitEventsTimeout(0.1);  // nothing moves: do not heat the laptop
    feed.pump(shell);
    if (std::abs(shell.wanted_scale - kit.scale) > 0.01F) rescale(kit, shell.wanted_scale);
    const double now = glfwGetTime();
    input.seconds = std::min(0.1, now - last);
    last = now;
    if (ImGui::GetIO().WantTextInput)
      input = {.seconds = input.seconds,
               .leave = input.leave,
               .find = input.find,
               .choose = input.choose,
               .accept = input.accept};
    kit.apply_style();
    ImGui_ImplOpenGL3_NewFrame();
    ImGui_ImplGlfw_NewFrame();
    ImGui::NewFrame();
    shell.frame(input);
    tell.place(shell);
    input = {};
    ImGui::Render();
    int width = 0, height = 0;
    glfwGetFramebufferSize(window, &width, &height);
    glViewport(0, 0, width, height);
    glClear(GL_COLOR_BUFFER_BIT);
    ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
    glfwSwapBuffers(window);
  }
}

void run_in(GLFWwindow* window, const WindowOptions& options) {
  FrameInput input;
  glfwSetWindowUserPointer(window, &input);
  glfwSetKeyCallback(window, on_key);
  ImGui::CreateContext();
  ImGui::GetIO().IniFilename = nullptr;
  ImGui_ImplGlfw_InitForOpenGL(window, true);
  ImGui_ImplOpenGL3_Init("#version 150");
  Kit kit;
  kit.theme = options.theme;
  kit.scale = options.scale;
  load_type(kit);
  Shell shell(kit);
  shell.wanted_scale = options.scale;
  if (options.panel != nullptr) shell.show(*options.panel);
  recall(shell, !options.look_given);
  std::signal(SIGTERM, [](int) { asked_to_stop = 1; });
  std::signal(SIGINT, [](int) { asked_to_stop = 1; });
  {
    Feed feed({options.database, options.run, options.compare}, options.arrive);
    shell.opener = &feed;
    Teller tell(options.status);
    loop(window, kit, shell, feed, input, tell);
    shell.opener = nullptr;
  }
  remember(shell);
  ImGui_ImplOpenGL3_Shutdown();
  ImGui_ImplGlfw_Shutdown();
  ImGui::DestroyContext();
}

}  // namespace

Result<void> run_window(const WindowOptions& options) {
  glfwSetErrorCallback([](int, const char*) {});
  if (glfwInit() == GLFW_FALSE) {
    const char* why = nullptr;
    glfwGetError(&why);
    return no_display(std::getenv("DISPLAY") == nullptr && std::getenv("WAYLAND_DISPLAY") == nullptr
                          ? "there is no display (DISPLAY is not set)"
                      : why == nullptr ? "the display does not answer"
                                       : why);
  }
  glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
  glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 2);
  glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
  glfwWindowHint(GLFW_OPENGL_FORWARD_COMPAT, GLFW_TRUE);
  glfwWindowHint(GLFW_SAMPLES, 0);
  GLFWwindow* window = glfwCreateWindow(options.width, options.height, "ikelab", nullptr, nullptr);
  if (window == nullptr) {
    glfwTerminate();
    Error e = no_display("the display offers no OpenGL 3.2");
    e.code = "E-VIEW-002";
    return e;
  }
  glfwSetWindowSizeLimits(window, 960, 600, GLFW_DONT_CARE, GLFW_DONT_CARE);
  glfwMakeContextCurrent(window);
  glfwSwapInterval(1);
  run_in(window, options);
  glfwDestroyWindow(window);
  glfwTerminate();
  return {};
}

}  // namespace ikelab::view
