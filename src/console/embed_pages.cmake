# Writes page_files.cpp: the files of the page as raw strings. -DFOLDER=… -DOUT=…
set(files "/|index.html|text/html" "/console.css|console.css|text/css" "/console.js|console.js|text/javascript"
  "/tables.js|tables.js|text/javascript" "/charts.js|charts.js|text/javascript" "/parts.js|parts.js|text/javascript")
set(rows "")
set(count 0)
foreach(file IN LISTS files)
  string(REPLACE "|" ";" parts "${file}")
  list(GET parts 0 path)
  list(GET parts 1 name)
  list(GET parts 2 type)
  file(READ "${FOLDER}/${name}" text)
  string(FIND "${text}" ")page_file\"" end)
  if(NOT end EQUAL -1)
    message(FATAL_ERROR "${name} holds )page_file\", which ends a raw string")
  endif()
  string(APPEND rows "    {\"${path}\", \"${type}; charset=utf-8\", R\"page_file(${text})page_file\"},\n")
  math(EXPR count "${count} + 1")
endforeach()
file(WRITE "${OUT}" "// Made from src/console/pages by embed_pages.cmake.
#include <pinhook/console/page_files.hpp>

#include <array>

namespace pinhook::console {

std::span<const page_file> page_files() {
  static constexpr std::array<page_file, ${count}> files{{
${rows}  }};
  return files;
}

}  // namespace pinhook::console
")
