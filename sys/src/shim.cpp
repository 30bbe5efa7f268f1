// What Rust cannot say by itself.

// llama_tokenize throws where a vocabulary lacks a token for a byte. An exception must not cross into Rust,
// which would end the process; here it becomes an error code.

#include <cstdint>

struct llama_vocab;

extern "C" int32_t llama_tokenize(const llama_vocab *, const char *, int32_t, int32_t *, int32_t, bool, bool);

// As llama_tokenize; `failed` is set if it threw.
extern "C" int32_t quipu_tokenize(const llama_vocab * vocab, const char * text, int32_t length, int32_t * tokens,
                                  int32_t room, bool add_special, bool parse_special, bool * failed) {
    *failed = false;
    try {
        return llama_tokenize(vocab, text, length, tokens, room, add_special, parse_special);
    } catch (...) {
        *failed = true;
        return 0;
    }
}

// Calls `body(data)` on so many threads of OpenMP's pool, the calling one among them. ggml computes on the same pool: a
// second one would fight it for the cores.
extern "C" void quipu_parallel(int32_t threads, void (*body)(void *), void * data) {
#ifdef _OPENMP
    #pragma omp parallel num_threads(threads)
    body(data);
#else
    (void) threads;
    body(data);
#endif
}
