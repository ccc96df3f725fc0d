#include "visualizer/app/headless.hpp"

#include <algorithm>

namespace ikelab::view {

Headless::Headless(int width, int height, Theme theme, float scale)
    : context_(ImGui::CreateContext()), width_(width), height_(height) {
  ImGui::SetCurrentContext(context_);
  ImGuiIO& io = ImGui::GetIO();
  io.IniFilename = nullptr;
  io.LogFilename = nullptr;
  io.BackendFlags |= ImGuiBackendFlags_RendererHasVtxOffset;
  io.MousePos = {-1, -1};
  kit_.theme = theme;
  kit_.scale = scale;
  kit_.motion = false;
  kit_.fonts = load_fonts(scale, complaints_);
  io.FontDefault = kit_.fonts.body;
  atlas_ = take_atlas();
  shell_ = std::make_unique<Shell>(kit_);
  shell_->wanted_scale = scale;
}

Headless::~Headless() {
  ImGui::DestroyContext(context_);
}

DrawStats Headless::frame(const FrameInput& input) {
  ImGui::SetCurrentContext(context_);
  ImGuiIO& io = ImGui::GetIO();
  io.DisplaySize = {static_cast<float>(width_), static_cast<float>(height_)};
  io.DeltaTime = 1.0F / 60;
  kit_.apply_style();
  transcript_.lines.clear();
  io.UserData = &transcript_;
  ImGui::NewFrame();
  shell_->frame(input);
  ImGui::Render();
  const ImDrawData& data = *ImGui::GetDrawData();
  return {data.TotalVtxCount, data.TotalIdxCount, data.CmdListsCount};
}

bool Headless::says(std::string_view words) const {
  return std::any_of(transcript_.lines.begin(), transcript_.lines.end(),
                     [&](const auto& line) { return line.text.find(words) != std::string::npos; });
}

void Headless::set_mouse(float x, float y, bool down) {
  ImGuiIO& io = ImGui::GetIO();
#if IMGUI_VERSION_NUM >= 18700
  io.AddMousePosEvent(x, y);
  io.AddMouseButtonEvent(0, down);
#else
  io.MousePos = {x, y};
  io.MouseDown[0] = down;
#endif
}

void Headless::move(float x, float y) {
  set_mouse(x, y, false);
  frame();
  frame();
}

void Headless::click(float x, float y) {
  move(x, y);
  set_mouse(x, y, true);
  frame();
  frame();
  set_mouse(x, y, false);
  frame();
  frame();
}

Image Headless::picture() {
  for (int i = 0; i < 4; ++i) frame();  // scroll positions and sizes settle within three
  Image image{.width = width_, .height = height_, .rgba = {}};
  rasterize(*ImGui::GetDrawData(), atlas_, kit_.ink(Role::ground), image);
  return image;
}

}  // namespace ikelab::view
