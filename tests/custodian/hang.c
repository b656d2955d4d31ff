/* A PKCS#11 module that hands everything to the one named by HANG_MODULE, and does not come back from using a key as long
 * as the file named by HANG_WHILE is there. Of the list of functions only the order is used, which the standard fixes. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DECRYPT_INIT = 33, SIGN_INIT = 42, FUNCTIONS = 68 };

struct list {
    unsigned char version[2];
    void *functions[FUNCTIONS];
};

typedef unsigned long (*get_list)(struct list **);
typedef unsigned long (*init)(unsigned long session, void *mechanism, unsigned long key);

static struct list ours;
static init decrypt_init, sign_init;

static void hang(void) {
    const char *file = getenv("HANG_WHILE");
    while (file && access(file, F_OK) == 0) usleep(10000);
}

static unsigned long slow_decrypt_init(unsigned long session, void *mechanism, unsigned long key) {
    hang();
    return decrypt_init(session, mechanism, key);
}

static unsigned long slow_sign_init(unsigned long session, void *mechanism, unsigned long key) {
    hang();
    return sign_init(session, mechanism, key);
}

unsigned long C_GetFunctionList(struct list **list) {
    void *module = dlopen(getenv("HANG_MODULE"), RTLD_NOW | RTLD_LOCAL);
    struct list *theirs;
    if (!module) return 5;
    unsigned long answer = ((get_list)dlsym(module, "C_GetFunctionList"))(&theirs);
    if (answer) return answer;
    memcpy(&ours, theirs, sizeof ours);
    decrypt_init = (init)ours.functions[DECRYPT_INIT];
    sign_init = (init)ours.functions[SIGN_INIT];
    ours.functions[DECRYPT_INIT] = (void *)slow_decrypt_init;
    ours.functions[SIGN_INIT] = (void *)slow_sign_init;
    *list = &ours;
    return 0;
}
