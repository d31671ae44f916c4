# Holds a page of the walkthrough against the code:
#
# - each program on it prints the ```text block that follows it;
# - any other block of C++ is quoted: its first line names a file, the lines below stand in that file;
# - each picture it shows is one that the build draws.
#
#   cmake -DPAGE=docs/walkthrough/01_differences.md -DPROGRAMS=<folder of the programs>
#         -DSOURCE=<the project> -P chapter.cmake
cmake_policy(VERSION 3.22)
include(${CMAKE_CURRENT_LIST_DIR}/blocks.cmake)
cmake_path(GET PAGE STEM stem)
read_blocks(${PAGE} block)

function(indent text out)  # lines that are indented stay as they are in CMake's messages
  string(REPLACE "\n" "\n  " text "  ${text}")
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

function(compare_output name shown)
  execute_process(COMMAND ${PROGRAMS}/${name} OUTPUT_VARIABLE printed ERROR_VARIABLE errors
                  RESULT_VARIABLE result)
  indent("${printed}" printed_lines)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${name} ended with ${result}.\nIt printed:\n${printed_lines}\n${errors}")
  endif()
  if(NOT printed STREQUAL shown)
    indent("${shown}" shown_lines)
    message(FATAL_ERROR "${name} printed:\n${printed_lines}\nThe page shows:\n${shown_lines}")
  endif()
endfunction()

function(compare_quotation text)
  string(FIND "${text}" "\n" end)
  string(SUBSTRING "${text}" 0 ${end} first)
  if(NOT first MATCHES "^// ([a-z_0-9/]+\\.(h|cpp))$")
    indent("${text}" text)
    message(FATAL_ERROR "${PAGE}: a block of C++ has neither a main nor, in its first line, the file "
                        "that it is quoted from, as // autodiff/grad.cpp:\n${text}")
  endif()
  file(READ ${SOURCE}/${CMAKE_MATCH_1} file)
  math(EXPR end "${end} + 1")
  string(SUBSTRING "${text}" ${end} -1 quotation)
  string(FIND "${file}" "${quotation}" at)
  if(at EQUAL -1)
    indent("${quotation}" quotation)
    message(FATAL_ERROR "${PAGE} quotes what does not stand in ${CMAKE_MATCH_1}:\n${quotation}")
  endif()
endfunction()

set(programs 0)
math(EXPR last "${block_count} - 1")
foreach(i RANGE ${last})
  if(block_program_${i})
    math(EXPR programs "${programs} + 1")
    math(EXPR after "${i} + 1")
    if(NOT "${block_language_${after}}" STREQUAL "text")
      message(FATAL_ERROR "${PAGE}: no ```text block with the output follows ${block_program_${i}}")
    endif()
    compare_output(${block_program_${i}} "${block_text_${after}}")
  elseif(block_language_${i} STREQUAL "cpp")
    compare_quotation("${block_text_${i}}")
  endif()
endforeach()
if(programs EQUAL 0 AND NOT stem STREQUAL "README")
  message(FATAL_ERROR "${PAGE} has no program")
endif()

file(READ ${PAGE} page)
string(REGEX MATCHALL "pictures/[a-z_0-9]+\\.svg" pictures "${page}")
foreach(picture ${pictures})
  cmake_path(GET picture STEM name)
  if(NOT EXISTS ${SOURCE}/docs/walkthrough/pictures/${name}.cpp)
    message(FATAL_ERROR "${PAGE} shows ${picture}, but there is no ${name}.cpp beside it that draws it")
  endif()
  if(NOT EXISTS ${SOURCE}/docs/walkthrough/${picture})
    message(FATAL_ERROR "${PAGE} shows ${picture}, which is missing: make pictures")
  endif()
endforeach()
