# Runs an example and compares what it prints with the page: with the first block after the link to
# its source.
#   cmake -DPROGRAM=<the program> -DNAME=<its name> -DPAGE=docs/examples/README.md -P example.cmake
execute_process(COMMAND ${PROGRAM} OUTPUT_VARIABLE printed ERROR_VARIABLE errors
                RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${NAME} ended with ${result}.\nIt printed:\n${printed}${errors}")
endif()

# Cuts the page: all that comes after `mark`.
function(cut_to mark)
  string(FIND "${page}" "${mark}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "${PAGE} lacks '${mark}' for ${NAME}.cpp.\nIt printed:\n${printed}")
  endif()
  string(LENGTH "${mark}" length)
  math(EXPR at "${at} + ${length}")
  string(SUBSTRING "${page}" ${at} -1 rest)
  set(page "${rest}" PARENT_SCOPE)
endfunction()

file(READ ${PAGE} page)
cut_to("](${NAME}.cpp)")
cut_to("\n```text\n")
string(FIND "${page}" "```" end)
string(SUBSTRING "${page}" 0 ${end} shown)
if(NOT printed STREQUAL shown)
  foreach(text printed shown)  # lines that are indented stay as they are
    string(REPLACE "\n" "\n  " ${text} "  ${${text}}")
  endforeach()
  message(FATAL_ERROR "${NAME} printed:\n${printed}\nThe page shows:\n${shown}")
endif()
