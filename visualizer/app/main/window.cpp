#include "visualizer/app/main/window.hpp"

#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>
#define GL_SILENCE_DEPRECATION
#include <GLFW/glfw3.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "visualizer/app/loader.hpp"
#include "visualizer/models/text.hpp"

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

// Collects keys for the next frame. ImGui's backend chains to it, so texts still receive theirs.
void on_key(GLFWwindow* window, int key, int, int action, int mods) {
  auto& input = *static_cast<FrameInput*>(glfwGetWindowUserPointer(window));
  if (action == GLFW_RELEASE) return;
  const bool alt = (mods & GLFW_MOD_ALT) != 0, control = (mods & GLFW_MOD_CONTROL) != 0;
  switch (key) {
    case GLFW_KEY_SPACE:
      input.play = action == GLFW_PRESS;
      break;
    case GLFW_KEY_LEFT:
      (alt ? input.history_back : input.step_back) = true;
      break;
    case GLFW_KEY_RIGHT:
      (alt ? input.history_forward : input.step_forward) = true;
      break;
    case GLFW_KEY_ESCAPE:
      input.leave = action == GLFW_PRESS;
      break;
    case GLFW_KEY_K:
      input.find = input.find || control;
      break;
    default:
      break;
  }
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

// Moves what the loader has read into the model, and says how far it is.
class Feed {
 public:
  Feed(const WindowOptions& options) : options_(options), loader_(options.database, options.run) {}
  void pump(Shell& shell) {
    Loader::News news = loader_.take();
    const bool at_end = shell.session.now() >= shell.run.end();
    if (news.info) shell.run.set_info(*news.info);
    if (!news.events.empty()) {
      shell.run.append(std::move(news.events), !news.caught_up);
      if (at_end && !shell.session.playing) shell.session.to_end(shell.run);
    }
    if (news.error) {
      shell.status = news.error->to_string();
      shell.status_is_error = true;
    } else if (!shell.status_is_error) {
      shell.status =
          news.caught_up ? "" : fmt::format("reading the run: {} events", thousands(news.loaded));
    }
    if (news.caught_up && !arrived_ && !shell.run.empty()) {
      arrived_ = true;
      if (options_.arrive) options_.arrive(shell);
    }
  }

 private:
  const WindowOptions& options_;
  Loader loader_;
  bool arrived_ = false;
};

void loop(GLFWwindow* window, Kit& kit, Shell& shell, Feed& feed, FrameInput& input) {
  double last = glfwGetTime();
  while (glfwWindowShouldClose(window) == 0) {
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
      input = {.seconds = input.seconds, .leave = input.leave, .find = input.find};
    kit.apply_style();
    ImGui_ImplOpenGL3_NewFrame();
    ImGui_ImplGlfw_NewFrame();
    ImGui::NewFrame();
    shell.frame(input);
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
  {
    Feed feed(options);
    loop(window, kit, shell, feed, input);
  }
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
