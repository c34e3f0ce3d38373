// For free() and setlocale() beside readline.
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <editline/readline.h>
