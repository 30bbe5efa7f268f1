// What needs C or C++ on this side of the border.

// llama_tokenize throws where a vocabulary lacks a token for a byte. An exception must not cross into Rust,
// which would end the process; here it becomes an error code.

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <map>
#include <sys/types.h>

struct llama_context;
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

// A FILE over functions of the caller. POSIX has none; the C libraries have two, whose types differ.

struct quipu_stream {
    void * source;
    // Bytes read, 0 at the end, or -1.
    int64_t (*read)(void * source, char * to, size_t room);
    // The new position, or -1.
    int64_t (*seek)(void * source, int64_t offset, int whence);
};

static int64_t stream_read(void * cookie, char * to, size_t room) {
    const auto * stream = static_cast<const quipu_stream *>(cookie);
    const int64_t n = stream->read(stream->source, to, room);
    if (n < 0) {
        errno = EIO;
    }
    return n;
}

static int64_t stream_seek(void * cookie, int64_t offset, int whence) {
    const auto * stream = static_cast<const quipu_stream *>(cookie);
    const int64_t position = stream->seek(stream->source, offset, whence);
    if (position < 0) {
        errno = EIO;
    }
    return position;
}

// Null if there is no memory. `stream` must live until the file is closed.
extern "C" FILE * quipu_open_stream(quipu_stream * stream) {
#ifdef __GLIBC__
    using offset_type = off64_t;
#else
    using offset_type = off_t;
#endif
#ifdef __APPLE__
    const auto read = [](void * cookie, char * to, int room) -> int {
        return static_cast<int>(stream_read(cookie, to, static_cast<size_t>(room)));
    };
    const auto seek = [](void * cookie, offset_type offset, int whence) -> offset_type {
        return stream_seek(cookie, offset, whence);
    };
    return funopen(stream, read, nullptr, seek, nullptr);
#else
    cookie_io_functions_t functions = {};
    functions.read = [](void * cookie, char * to, size_t room) -> ssize_t {
        return static_cast<ssize_t>(stream_read(cookie, to, room));
    };
    functions.seek = [](void * cookie, offset_type * offset, int whence) -> int {
        const int64_t position = stream_seek(cookie, *offset, whence);
        if (position < 0) {
            return -1;
        }
        *offset = position;
        return 0;
    };
    return fopencookie(stream, "rb", functions);
#endif
}

extern "C" void quipu_close_stream(FILE * file) {
    std::fclose(file);
}

// What a context takes of each kind of memory. The declarations are those of llama.cpp's llama-ext.h, which is not
// installed; a change there fails the link, or the test of this function.

typedef struct ggml_backend_buffer_type * ggml_backend_buffer_type_t;
typedef struct ggml_backend_device * ggml_backend_dev_t;

struct llama_memory_breakdown_data {
    size_t model   = 0;
    size_t context = 0;
    size_t compute = 0;
};

std::map<ggml_backend_buffer_type_t, llama_memory_breakdown_data> llama_get_memory_breakdown(const llama_context * ctx);

extern "C" bool ggml_backend_buft_is_host(ggml_backend_buffer_type_t buft);
extern "C" ggml_backend_dev_t ggml_backend_buft_get_device(ggml_backend_buffer_type_t buft);
extern "C" const char * ggml_backend_dev_name(ggml_backend_dev_t device);
extern "C" int ggml_backend_dev_type(ggml_backend_dev_t device);
extern "C" size_t ggml_backend_dev_count(void);
extern "C" ggml_backend_dev_t ggml_backend_dev_get(size_t index);
extern "C" ggml_backend_buffer_type_t ggml_backend_dev_buffer_type(ggml_backend_dev_t device);

// Devices that compute in one kind of memory: the processor, and what helps it.
static size_t sharing(ggml_backend_buffer_type_t type) {
    size_t found = 0;
    for (size_t i = 0; i < ggml_backend_dev_count(); i++) {
        found += ggml_backend_dev_buffer_type(ggml_backend_dev_get(i)) == type;
    }
    return found > 0 ? found : 1;
}

// `counted`: nothing was allocated. Then llama.cpp counts the buffers of a pass once for each device that shares them.
extern "C" void quipu_memory_use(const llama_context * context, bool counted,
                                 void (*report)(void * data, const char * device, unsigned type, size_t weights,
                                                size_t pool, size_t compute),
                                 void * data) {
    for (const auto & [type, use] : llama_get_memory_breakdown(context)) {
        ggml_backend_dev_t device = ggml_backend_buft_get_device(type);
        // Memory of the host is the processor's, also what a GPU can reach.
        const bool host = device == nullptr || ggml_backend_buft_is_host(type);
        const size_t compute = counted ? use.compute / sharing(type) : use.compute;
        report(data, host ? "CPU" : ggml_backend_dev_name(device), host ? 0 : ggml_backend_dev_type(device), use.model,
               use.context, compute);
    }
}
