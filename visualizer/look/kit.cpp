#include "visualizer/look/kit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

namespace ikelab::view {
namespace {

namespace fs = std::filesystem;

// Where Debian and Ubuntu (and a home folder) keep them; the first hit wins.
std::string font_file(std::string_view name) {
  static constexpr std::array<std::string_view, 7> folders = {
      "/usr/share/fonts/opentype/inter",
      "/usr/share/fonts/truetype/inter",
      "/usr/share/fonts/opentype/inter/static",
      "/usr/share/fonts/truetype/jetbrains-mono",
      "/usr/share/fonts/truetype/dejavu",
      "/usr/share/fonts/truetype",
      "/usr/local/share/fonts"};
  for (const std::string_view folder : folders)
    for (const std::string_view suffix : {".otf", ".ttf"}) {
      const fs::path path = fs::path(folder) / (std::string(name) + std::string(suffix));
      std::error_code ignored;
      if (fs::exists(path, ignored)) return path.string();
    }
  return {};
}

constexpr std::array<ImWchar, 9> latin = {0x0020, 0x00FF, 0x2010, 0x203A, 0x20A0,
                                          0x20BF, 0x0391, 0x03C9, 0};
constexpr std::array<ImWchar, 15> symbols = {0x2010, 0x2044, 0x2070, 0x209F, 0x2190,
                                             0x21FF, 0x2200, 0x22FF, 0x2300, 0x23FF,
                                             0x25A0, 0x25FF, 0x2700, 0x27BF, 0};

struct FontRow {
  ImFont* Fonts::*slot;
  std::string_view file, package;
  float size;
};
constexpr std::array<FontRow, 8> font_rows = {{
    {&Fonts::body, "Inter-Regular", "fonts-inter", 15},
    {&Fonts::small, "Inter-Regular", "fonts-inter", 13},
    {&Fonts::small_strong, "Inter-SemiBold", "fonts-inter", 13},
    {&Fonts::strong, "Inter-SemiBold", "fonts-inter", 15},
    {&Fonts::heading, "Inter-SemiBold", "fonts-inter", 18},
    {&Fonts::title, "Inter-SemiBold", "fonts-inter", 24},
    {&Fonts::mono_small, "JetBrainsMono-Regular", "fonts-jetbrains-mono", 13},
    {&Fonts::mono, "JetBrainsMono-Regular", "fonts-jetbrains-mono", 15},
}};

// CSS counts a font's em; stb_truetype counts ascent to descent. These make 15 px mean what it
// means to a designer.
float em_factor(std::string_view package) {
  if (package == "fonts-inter") return 1.21F;
  if (package == "fonts-jetbrains-mono") return 1.22F;
  return 1.0F;
}

void note_missing(std::vector<std::string>& missing, std::string_view file,
                  std::string_view package) {
  const std::string line = fmt::format(
      "font {} is missing: install it with `apt install {}` (drawing with a plainer one)", file,
      package);
  if (std::find(missing.begin(), missing.end(), line) == missing.end()) missing.push_back(line);
}

void set(ImVec4* colors, int index, ImU32 colour) {
  colors[index] = ImGui::ColorConvertU32ToFloat4(colour);
}

Hit read_hit(bool clicked) {
  Hit h;
  h.clicked = clicked;
  h.hovered = ImGui::IsItemHovered();
  h.double_clicked = h.hovered && ImGui::IsMouseDoubleClicked(0);
  return h;
}

ImVec2 at_least_one(ImVec2 min, ImVec2 max) {
  return {std::max(1.0F, max.x - min.x), std::max(1.0F, max.y - min.y)};
}

}  // namespace

Fonts load_fonts(float scale, std::vector<std::string>& missing) {
  ImFontAtlas& atlas = *ImGui::GetIO().Fonts;
  atlas.Clear();
  Fonts fonts;
  for (const FontRow& row : font_rows) {
    ImFontConfig config;
    config.OversampleH = 2;
    config.OversampleV = 1;
    const float size = std::round(row.size * scale * em_factor(row.package));
    const std::string file = font_file(row.file);
    if (file.empty()) {
      note_missing(missing, row.file, row.package);
      config.SizePixels = std::round(row.size * scale);
      fonts.*row.slot = atlas.AddFontDefault(&config);
      continue;
    }
    fonts.*row.slot = atlas.AddFontFromFileTTF(file.c_str(), size, &config, latin.data());
    const std::string more = font_file("DejaVuSans");
    if (more.empty()) {
      note_missing(missing, "DejaVuSans", "fonts-dejavu-core");
      continue;
    }
    ImFontConfig merge = config;
    merge.MergeMode = true;
    atlas.AddFontFromFileTTF(more.c_str(), size, &merge, symbols.data());
  }
  atlas.Build();
  return fonts;
}

float Kit::px(float base) const {
  return std::round(base * scale);
}

ImU32 Kit::rgb(Rgb c, float alpha) const {
  return IM_COL32(c.r, c.g, c.b, static_cast<int>(std::lround(alpha * 255.0F)));
}
ImU32 Kit::ink(Role role, float alpha) const {
  return rgb(colour(theme, role), alpha);
}
ImU32 Kit::tint(Role under, Role over, float share) const {
  return rgb(mix(colour(theme, under), colour(theme, over), static_cast<double>(share)));
}

void Kit::apply_style() const {
  ImGuiStyle style;
  style.WindowPadding = {0, 0};
  style.FramePadding = {px(8), px(6)};
  style.ItemSpacing = {px(8), px(8)};
  style.ScrollbarSize = px(8);
  style.ScrollbarRounding = px(4);
  style.FrameRounding = style.PopupRounding = style.ChildRounding = px(6);
  style.WindowRounding = 0;
  style.WindowBorderSize = style.ChildBorderSize = 0;
  style.PopupBorderSize = 1;
  style.FrameBorderSize = 1;
  ImVec4* c = style.Colors;
  set(c, ImGuiCol_Text, ink(Role::text));
  set(c, ImGuiCol_TextDisabled, ink(Role::muted));
  set(c, ImGuiCol_WindowBg, ink(Role::ground));
  set(c, ImGuiCol_ChildBg, IM_COL32(0, 0, 0, 0));
  set(c, ImGuiCol_PopupBg, ink(Role::panel));
  set(c, ImGuiCol_Border, ink(Role::rule));
  set(c, ImGuiCol_FrameBg, ink(Role::panel));
  set(c, ImGuiCol_FrameBgHovered, tint(Role::panel, Role::text, 0.03F));
  set(c, ImGuiCol_FrameBgActive, tint(Role::panel, Role::text, 0.05F));
  set(c, ImGuiCol_ScrollbarBg, IM_COL32(0, 0, 0, 0));
  set(c, ImGuiCol_ScrollbarGrab, ink(Role::rule));
  set(c, ImGuiCol_ScrollbarGrabHovered, tint(Role::rule, Role::muted, 0.4F));
  set(c, ImGuiCol_ScrollbarGrabActive, ink(Role::muted));
  set(c, ImGuiCol_TextSelectedBg, ink(Role::initiator, 0.3F));
  set(c, ImGuiCol_NavHighlight, ink(Role::initiator));
  ImGui::GetStyle() = style;
}

Hit hit(const char* id, ImVec2 min, ImVec2 max) {
  ImGui::SetCursorScreenPos(min);
  return read_hit(ImGui::InvisibleButton(id, at_least_one(min, max)));
}

Hit hit(int id, ImVec2 min, ImVec2 max) {
  ImGui::PushID(id);
  const Hit h = hit("hit", min, max);
  ImGui::PopID();
  return h;
}

}  // namespace ikelab::view
