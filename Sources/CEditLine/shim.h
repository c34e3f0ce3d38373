// For free() and setlocale() beside readline.
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <editline/readline.h>

// A log or a pipe sees each line when it is written.
static inline void pollux_flush_each_line(void) { setvbuf(stdout, NULL, _IOLBF, 0); }

// Swift refuses to write C globals that other threads could read; readline is used by one thread.
static inline void pollux_readline_set_up(rl_completion_func_t *complete, const char *breaks) {
    rl_attempted_completion_function = complete;
    rl_completer_word_break_characters = strdup(breaks);
}
static inline void pollux_readline_no_file_names(void) { rl_attempted_completion_over = 1; }
static inline const char *pollux_readline_line(void) { return rl_line_buffer; }
static inline char *pollux_readline_copy(const char *text) { return strdup(text); }
