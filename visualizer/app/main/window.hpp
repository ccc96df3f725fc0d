// The interactive host: GLFW and OpenGL 3.
#pragma once
#include <filesystem>
#include <functional>
#include <string>

#include "visualizer/app/shell.hpp"

namespace ikelab::view {

struct WindowOptions {
  std::filesystem::path database;
  std::string run;
  std::string compare;  ///< a run to lay beside it; empty: none
  int width = 1280, height = 800;
  Theme theme = Theme::light;
  float scale = 1;
  const Panel* panel = nullptr;
  bool look_given = false;       ///< theme or scale were asked for: what is remembered gives way
  std::filesystem::path status;  ///< a line for each change of place, for tests; empty: none
  /// Called once the run is read: sets time and selection as the command line asks.
  std::function<void(Shell&)> arrive;
};

/// Runs until the window is closed. Errors: E-VIEW-001 no display, E-VIEW-002 no OpenGL 3.
Result<void> run_window(const WindowOptions& options);

}  // namespace ikelab::view
