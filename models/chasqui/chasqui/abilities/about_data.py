"""What Chasqui knows about itself and about Quipu: one canonical sentence for each fact.

A line of `_TABLE` is: kind | term | what the check wants | answer | what users want to do; ...
The kind decides the question patterns; what users want to do fits after "How do I".
"""

from .common_data import WHO_AM_I, WHO_ARE_YOU

_TABLE = """
command | serve | serve, server | quipu serve starts the server, which listens on port 11434. | start the server; run the server; get the server running; launch Quipu; start Quipu; bring the server up
command | run | run, talk | quipu run starts a model to talk with, or answers one prompt. | talk to a model; chat with a model in the terminal; run a model; ask a model something from the shell; start a chat; use a model on the command line
command | create | create, Modelfile | quipu create makes a new model from a Modelfile. | make a model from a Modelfile; build my own model; create a model; make a new model; import a GGUF file
command | show | show, information | quipu show prints information about a model. | see the details of a model; get information about a model; look at a model's parameters; inspect a model; see the template of a model
command | pull | pull, downloads | quipu pull downloads a model from a registry. | download a model; get a new model; fetch a model; update a model; install a model; get a larger model
command | push | push, uploads | quipu push uploads a model to a registry. | upload a model; publish a model; share my model; send a model to a registry
command | list | list, models | quipu list shows the models on this machine. | list the models; see which models I have; show all models; find out which models are installed; see my models; list all local models
command | ls | list, models | quipu ls is short for quipu list and shows the models on this machine. |
command | ps | ps, loaded | quipu ps shows the models that are loaded now. | see which models are loaded; see the running models; list running models; check which models are in memory; find out what is running
command | stop | stop, memory | quipu stop unloads a model from memory. | stop a model; unload a model; free the memory of a model; take a model out of memory; stop a running model
command | cp | cp, copies | quipu cp copies a model to a new name. | copy a model; duplicate a model; give a model a second name; rename a model
command | rm | rm, deletes | quipu rm deletes a model from this machine. | delete a model; remove a model; get rid of a model; free disk space; erase a model; uninstall a model
command | help | help, commands | quipu help lists the commands, and quipu help with a command explains it. | get help; see all commands; list the commands; learn how a command works
command | --version | version | quipu --version prints the version of Quipu. | see the version; check my version of Quipu; find out which version I have; print the version
command | start | serve, start | quipu start is another name for quipu serve, which starts the server. |
flag | --verbose | --verbose, speed | The flag --verbose prints the speed and the token counts after an answer. | see how fast a model is; see tokens per second; print timings; measure the speed of an answer
flag | --format json | --format json, JSON | The flag --format json makes the model answer in JSON. | get JSON on the command line; make quipu run answer in JSON
flag | --keepalive | --keepalive, loaded | The flag --keepalive sets how long the model stays loaded after an answer. | keep the model loaded after quipu run
flag | --think | --think, thinking | The flag --think turns thinking on or off. | turn thinking on; switch thinking off; let the model think in the terminal
flag | --hidethinking | --hidethinking, hides | The flag --hidethinking hides the thinking of the model. | hide the thinking; not see the thinking of the model
flag | --insecure | --insecure, encryption | The flag --insecure allows a registry without encryption. | pull from a registry without https; use an insecure registry
flag | --nowordwrap | --nowordwrap, wrap | The flag --nowordwrap does not wrap long lines. | turn off word wrap; stop lines from wrapping
flag | --modelfile | --modelfile, Modelfile | The flag --modelfile of quipu show prints the Modelfile of a model. | print the Modelfile of a model; see a model's Modelfile
flag | --quantize | --quantize, smaller | The flag --quantize of quipu create makes the weights smaller. | quantize a model; make a model smaller
flag | --model | --model, GGUF | The flag --model of quipu serve names a GGUF file to serve. | serve a GGUF file; start the server with one model file
env | QUIPU_HOST | QUIPU_HOST, address | QUIPU_HOST sets the address and the port of the server. | change the port; change the address of the server; listen on another port; make the server listen on all interfaces; use a remote server; open the server to my network
env | QUIPU_MODELS | QUIPU_MODELS, folder | QUIPU_MODELS sets the folder in which models are stored. | change where models are stored; move the models to another disk; set the model folder; use another models directory
env | QUIPU_KEEP_ALIVE | QUIPU_KEEP_ALIVE, loaded | QUIPU_KEEP_ALIVE sets how long an idle model stays loaded. | keep models in memory; unload idle models sooner; keep a model loaded for ever; change how long models stay loaded
env | QUIPU_CONTEXT | QUIPU_CONTEXT, tokens | QUIPU_CONTEXT sets how many tokens a conversation can have. | change the default context length; get a longer context by default
env | QUIPU_POOL_TOKENS | QUIPU_POOL_TOKENS, KV pool | QUIPU_POOL_TOKENS sets how many tokens the KV pool of a model holds. | change the size of the KV pool; make the KV cache larger
env | QUIPU_ORIGINS | QUIPU_ORIGINS, web pages | QUIPU_ORIGINS names web pages that may call the server. | allow a web page to call the server; fix a CORS error; allow another origin; set CORS
env | QUIPU_MAX_QUEUE | QUIPU_MAX_QUEUE, wait | QUIPU_MAX_QUEUE sets how many requests may wait while a model loads. | change the length of the queue; let more requests wait
env | QUIPU_LOAD_TIMEOUT | QUIPU_LOAD_TIMEOUT, loading | QUIPU_LOAD_TIMEOUT sets when loading a model is given up. | wait longer for a slow load; change the load timeout
env | QUIPU_MAX_RUNNING | QUIPU_MAX_RUNNING, same time | QUIPU_MAX_RUNNING sets how many sequences of a model run at the same time. | limit the number of parallel requests; change how many requests run together
env | QUIPU_MAX_CACHED | QUIPU_MAX_CACHED, prefix | QUIPU_MAX_CACHED sets how many finished sequences keep their prefix in the cache. | turn off the prefix cache; change how much is kept in the prefix cache
env | QUIPU_BATCH_TOKENS | QUIPU_BATCH_TOKENS, forward pass | QUIPU_BATCH_TOKENS sets how many tokens one forward pass takes at most. | change the batch size; use smaller batches
env | QUIPU_THREADS | QUIPU_THREADS, threads | QUIPU_THREADS sets the number of CPU threads. | use more CPU threads; limit the CPU threads; change the number of threads
env | QUIPU_GPU_LAYERS | QUIPU_GPU_LAYERS, GPU | QUIPU_GPU_LAYERS sets how many layers run on the GPU. | put more layers on the GPU; run on the CPU only; offload layers to the GPU; turn off the GPU
env | QUIPU_DETERMINISTIC | QUIPU_DETERMINISTIC, cached | QUIPU_DETERMINISTIC makes answers independent of what is cached. | get exactly the same answer every time; make answers deterministic
env | QUIPU_DRAIN_TIMEOUT | QUIPU_DRAIN_TIMEOUT, finish | QUIPU_DRAIN_TIMEOUT sets how long running answers may finish when the server stops. | give answers more time when the server stops
env | QUIPU_WRITE_TIMEOUT | QUIPU_WRITE_TIMEOUT, closed | QUIPU_WRITE_TIMEOUT sets when a client that reads nothing is closed. | close clients that do not read sooner
env | QUIPU_MAX_BODY | QUIPU_MAX_BODY, request | QUIPU_MAX_BODY sets the largest size of a request. | send larger requests; limit the size of requests; fix error 413
env | QUIPU_MAX_CONNECTIONS | QUIPU_MAX_CONNECTIONS, connections | QUIPU_MAX_CONNECTIONS sets how many connections there may be at the same time. | allow more connections; limit the connections
route | /api/chat | /api/chat, conversation | POST /api/chat answers in a conversation. | chat over HTTP; send messages over the API; use the chat API; send a conversation
route | /api/generate | /api/generate, prompt | POST /api/generate answers one prompt. | send one prompt over HTTP; complete a text over the API; generate text over HTTP
route | /api/tags | /api/tags, models | GET /api/tags lists the models. | list the models over HTTP; get the models over the API
route | /api/show | /api/show, information | POST /api/show gives information about a model. | get model details over the API; inspect a model over HTTP
route | /api/ps | /api/ps, loaded | GET /api/ps lists the loaded models. | see loaded models over the API; get the running models over HTTP
route | /api/pull | /api/pull, downloads | POST /api/pull downloads a model. | download a model over the API; pull over HTTP
route | /api/push | /api/push, uploads | POST /api/push uploads a model. | upload a model over the API; push over HTTP
route | /api/create | /api/create, new model | POST /api/create makes a new model. | create a model over the API; make a model over HTTP
route | /api/copy | /api/copy, copies | POST /api/copy copies a model. | copy a model over the API; copy a model over HTTP
route | /api/delete | /api/delete, deletes | DELETE /api/delete deletes a model. | delete a model over the API; remove a model over HTTP
route | /api/embed | /api/embed, vectors | POST /api/embed turns texts into vectors. | get embeddings; turn a text into a vector; make embeddings over the API
route | /api/blobs | /api/blobs, file | POST /api/blobs uploads a file for a new model. | upload a file for a model over the API
route | /api/version | /api/version, version | GET /api/version tells the version. | get the version over the API; ask the server for its version
route | /v1/chat/completions | /v1/chat/completions, OpenAI | POST /v1/chat/completions answers in a conversation, as OpenAI does. | chat with the OpenAI client; use the OpenAI chat API
route | /v1/completions | /v1/completions, OpenAI | POST /v1/completions continues a prompt, as OpenAI does. | complete a prompt with the OpenAI client
route | /v1/models | /v1/models, OpenAI | GET /v1/models lists the models, as OpenAI does. | list the models with the OpenAI client
route | /v1/embeddings | /v1/embeddings, OpenAI | POST /v1/embeddings turns texts into vectors, as OpenAI does. | get embeddings with the OpenAI client
route | /v1/responses | /v1/responses, OpenAI | POST /v1/responses answers as the Responses API of OpenAI does. | use the Responses API
route | /v1/messages | /v1/messages, Anthropic | POST /v1/messages answers in a conversation, as Anthropic does. | use the Anthropic client; use the Anthropic API
route | /metrics | /metrics, Prometheus | GET /metrics gives numbers for Prometheus. | monitor the server; use Prometheus; get metrics; watch the load of the server
route | /health | /health, alive | GET /health tells whether the server is alive. | check that the server is alive; do a health check
route | /ready | /ready, ready | GET /ready tells whether the server is ready for requests. | check that the server is ready; do a readiness check
route | /openapi.json | /openapi.json, API | GET /openapi.json describes the whole API. | get a description of the API; get the OpenAPI file
route | /docs | /docs, browser | GET /docs shows the API in a browser. | read the API documentation; see the API in a browser
instruction | FROM | FROM, model | FROM names the model or the file that a Modelfile starts from. | set the base model in a Modelfile; name a GGUF file in a Modelfile
instruction | PARAMETER | PARAMETER, option | PARAMETER sets an option of the model, such as temperature. | set the temperature in a Modelfile; set an option in a Modelfile
instruction | TEMPLATE | TEMPLATE, prompt | TEMPLATE says how messages become a prompt. | change the prompt template; set a template in a Modelfile
instruction | SYSTEM | SYSTEM, system prompt | SYSTEM sets the system prompt of the model. | give my model a system prompt; set a system prompt in a Modelfile
instruction | ADAPTER | ADAPTER, LoRA | ADAPTER adds a LoRA adapter to the model. | use a LoRA; add an adapter to a model
instruction | LICENSE | LICENSE, licence | LICENSE holds the licence of the model. | add a licence to a model
instruction | MESSAGE | MESSAGE, conversation | MESSAGE adds a message to the start of every conversation. | add example messages to a model; put messages in a Modelfile
option | temperature | temperature, random | temperature sets how random the answers are. | make answers less random; make answers more creative; get more varied answers
option | top_k | top_k, likely | top_k lets the model choose among the k most likely tokens only. | limit the choice to a few tokens
option | top_p | top_p, probability | top_p lets the model choose among the likely tokens whose probability adds up to p. | use nucleus sampling
option | min_p | min_p, unlikely | min_p removes tokens that are too unlikely beside the best one. | remove unlikely tokens
option | typical_p | typical_p, typical | typical_p keeps the tokens that are typical for the text. | use typical sampling
option | num_ctx | num_ctx, context | num_ctx sets the length of the context in tokens. | get a longer context; set the context length; make the model remember more text
option | num_predict | num_predict, tokens | num_predict sets how many tokens an answer has at most. | limit the length of an answer; get shorter answers; cap the tokens of an answer
option | num_keep | num_keep, beginning | num_keep sets how many tokens of the beginning are kept when the context is full. |
option | num_batch | num_batch, together | num_batch sets how many tokens of a prompt are read together. |
option | num_gpu | num_gpu, GPU | num_gpu sets how many layers run on the GPU. | choose the GPU layers in a request
option | num_thread | num_thread, threads | num_thread sets the number of CPU threads. |
option | seed | seed, same | seed makes random choices the same each time. | get the same answer twice; repeat a random answer; make sampling repeatable
option | stop | stop, ends | stop names texts at which the answer ends. | end an answer at a word; set stop words; stop at a certain text
option | repeat_penalty | repeat_penalty, repetition | repeat_penalty makes repetition less likely. | stop the model from repeating itself; reduce repetition
option | repeat_last_n | repeat_last_n, tokens | repeat_last_n sets how many of the last tokens count as repetition. |
option | presence_penalty | presence_penalty, occurred | presence_penalty makes tokens that have occurred less likely. |
option | frequency_penalty | frequency_penalty, often | frequency_penalty makes tokens that occurred often less likely. |
field | stream | stream, piece | The field stream says whether the answer comes piece by piece. | stream an answer; turn off streaming; get the whole answer at once
field | keep_alive | keep_alive, loaded | The field keep_alive sets how long the model stays loaded. | keep a model loaded with a request; unload a model over the API
field | format | format, JSON | The field format makes the model answer in JSON, or by a JSON schema. | get JSON over the API; get structured output; use a JSON schema
field | think | think, thinking | The field think turns thinking on or off. | turn on thinking over the API; switch off thinking in a request
field | tools | tools, functions | The field tools names the functions that the model may call. | use tools; let the model call functions; do function calling
field | messages | messages, conversation | The field messages holds the turns of the conversation. | send the turns of a conversation; send the history of a chat
field | images | images, pictures | The field images holds pictures for models that can see. | send a picture; use images
field | raw | raw, template | The field raw sends the prompt without a template. | send a prompt without a template
field | logprobs | logprobs, probabilities | The field logprobs asks for the probabilities of the tokens. | get token probabilities; get log probabilities
field | suffix | suffix, after | The field suffix is the text that comes after the answer. | fill in the middle of a text
field | dimensions | dimensions, vector | The field dimensions sets the length of an embedding vector. | get shorter embeddings
field | options | options, temperature | The field options holds settings such as temperature and seed. | send options with a request
concept | KV cache | KV cache, attention | The KV cache keeps the attention keys and values of tokens, so that they are computed once. |
concept | token | token, word | A token is a piece of text, such as a word or a part of a word. |
concept | context | context, tokens | The context is the tokens that a model can see at once. |
concept | context length | context length, tokens | The context length is the number of tokens that a model can see at once. |
concept | continuous batching | batch, together | With continuous batching, many requests run together in one batch, and new ones join at any time. |
concept | continuous batch | batch, together | A continuous batch runs many requests together, and new ones join at any time. |
concept | GGUF | GGUF, file | GGUF is a file format that holds a model's weights and data about it. |
concept | quantization | quantization, fewer bits | Quantization stores the weights with fewer bits, so that a model is smaller. |
concept | Modelfile | Modelfile, text file | A Modelfile is a text file that describes how to make a model. |
concept | prefix sharing | prefix, once | Prefix sharing computes a beginning that several prompts share only once. |
concept | prefix cache | prefix, again | The prefix cache keeps the beginnings of prompts, so that they are not computed again. |
concept | sampler | sampler, next token | A sampler chooses the next token from the probabilities of the model. |
concept | prompt | prompt, text | A prompt is the text that a model is given. |
concept | system prompt | system prompt, behave | A system prompt tells a model how to behave. |
concept | embedding | embedding, vector | An embedding is a vector that stands for the meaning of a text. |
concept | tokenizer | tokenizer, tokens | A tokenizer cuts a text into tokens. |
concept | chat template | template, messages | A chat template turns messages into one prompt. |
concept | tool call | tool call, function | A tool call is a request of the model to run a function. |
concept | streaming | streaming, piece | Streaming sends an answer piece by piece while it is made. |
concept | structured output | structured output, JSON | Structured output is an answer in JSON that follows a schema. |
concept | LoRA | LoRA, small | A LoRA is a small addition to the weights of a model. |
concept | registry | registry, models | A registry is a server from which models are pulled. |
concept | parameter | parameter, number | A parameter is a number that a model has learned. |
concept | inference | inference, answer | Inference is the work of a model that makes an answer. |
concept | language model | language model, token | A language model is a program that guesses the next token of a text. |
concept | preemption | preemption, later | Preemption stops a request for a while and goes on with it later. |
concept | paged KV cache | page, tokens | A paged KV cache is divided into pages of a few tokens, so that no memory is wasted. |
concept | thinking | thinking, before | Thinking is the text that a model writes before its answer. |
concept | Ollama | Ollama, local | Ollama is a server for local models, and Quipu speaks its API. |
concept | llama.cpp | llama.cpp, C++ | llama.cpp is the C++ library with which Quipu runs models. |
concept | chasqui | chasqui, runner | A chasqui was a runner who carried messages through the Andes. |
"""


def _row(line):
    kind, term, keys, answer, *tasks = (part.strip() for part in line.split("|"))
    tasks = [task.strip() for task in tasks[0].split(";") if task.strip()] if tasks else []
    return kind, term, [key.strip() for key in keys.split(",")], answer, tasks


FACTS = [_row(line) for line in _TABLE.strip().splitlines()]

# How a term of each kind is asked about. "{t}" is the term.
WHAT = ["What does {t} do?", "What is {t}?", "What is {t} for?", "Explain {t}.", "What does {t} mean?",
        "Tell me about {t}.",
         "When do I need {t}?", "Can you explain {t}?", "What's {t}?", "What is the use of {t}?",
         "Describe {t}.", "{t}?",
         "What can I do with {t}?", "Why would I use {t}?", "How do I use {t}?", "Do you know what {t} does?",
         "{t}",
         "I don't understand {t}.", "What happens with {t}?", "Please explain {t} to me.",
         "What is {t} good for?",
         "I found {t}. What is it?", "In one sentence, what is {t}?", "Could you tell me what {t} does?"]
NAMES = {
    "command": ["quipu {t}", "quipu {t}", "`quipu {t}`", "the command quipu {t}", "the {t} command",
                "quipu's {t} command",
                "the quipu {t} command"],
    "flag": ["{t}", "the flag {t}", "the {t} flag", "`{t}`", "the option {t}", "{t} in Quipu"],
    "env": ["{t}", "{t}", "the variable {t}", "the environment variable {t}", "`{t}`", "the setting {t}"],
    "route": ["{t}", "{t}", "the route {t}", "the {t} endpoint", "the endpoint {t}", "the {t} route", "`{t}`",
              "the API {t}"],
    "instruction": ["{t} in a Modelfile", "the {t} instruction", "the Modelfile instruction {t}",
                    "{t} in the Modelfile",
                    "the {t} line of a Modelfile", "`{t}` in a Modelfile"],
    "option": ["{t}", "the option {t}", "the {t} option", "the parameter {t}", "the {t} parameter", "`{t}`",
               "the {t} setting"],
    "field": ["the field {t}", "the {t} field", "the request field {t}", "`{t}` in a request",
              "{t} in a request",
              "the {t} field of a request"],
}
CONCEPT = ["What is {the}?", "What is {the}?", "What's {the}?", "Explain {the}.", "What does {t} mean?",
           "Define {t}.",
            "Tell me what {the} is.", "Can you explain {the}?", "What do you mean by {t}?",
            "What is meant by {t}?",
            "Please explain the word {t}.", "Do you know what {the} is?", "In one sentence, what is {the}?",
            "{t}?",
            "I don't know what {the} is.", "What exactly is {the}?", "What does the word {t} mean?",
            "Tell me about {the}.",
            "What is {the} in Quipu?", "Give me a definition of {t}.", "How would you explain {the}?",
            "what's the meaning of {t}",
            "Meaning of {t}?", "Describe {the}.", "Could you tell me what {the} is?"]
# How one asks for what to do. "{task}" is "list the models".
HOW = ["How do I {task}?", "How can I {task}?", "How to {task}?", "I want to {task}.",
       "I want to {task}. How?",
        "I would like to {task}.", "How would I {task}?", "How do you {task}?", "What do I do to {task}?",
        "How does one {task}?",
        "Is there a way to {task}?", "Can I {task}?", "How do I {task} with Quipu?",
        "How can I {task} in Quipu?",
        "What is the way to {task}?", "I need to {task}.", "Tell me how to {task}.",
        "Please show me how to {task}.",
        "I'd like to {task}. What do I need?", "Can Quipu help me to {task}?", "Do you know how to {task}?",
        "What should I use to {task}?", "What do I use to {task}?", "Explain how to {task}.",
        "What's the best way to {task}?",
        "how do i {task} here", "I am trying to {task}.", "Where can I {task}?", "What do I need to {task}?"]
WHICH = ["Which {k} do I use to {task}?", "What {k} do I need to {task}?", "Which {k} lets me {task}?",
         "Which {k} should I use to {task}?",
          "What is the {k} to {task}?", "Is there a {k} to {task}?", "Give me the {k} to {task}.",
          "Name the {k} to {task}.",
          "What's the {k} to {task}?", "Tell me the {k} to {task}.", "With which {k} can I {task}?",
          "I need the {k} to {task}."]
KIND_WORDS = {
    "command": ["command", "command", "Quipu command", "quipu command"], "flag": ["flag", "option",
        "command line flag"],
    "env": ["variable", "environment variable", "setting"], "route": ["route", "endpoint", "API route", "URL",
        "path"],
    "instruction": ["instruction", "Modelfile instruction", "Modelfile line"], "option": ["option",
        "parameter", "setting"],
    "field": ["field", "request field", "field of the request"],
}

# Questions of their own, by answer.
OWN = [
    ("Chasqui", ["Chasqui", "demonstration"], WHO_AM_I, WHO_ARE_YOU),
    ("my size", ["few million"], "I am a tiny model with a few million parameters.", [
        "How big are you?", "How many parameters do you have?", "How large are you?", "What is your size?",
        "Are you a large model?",
        "Are you small?", "How small are you?", "How many weights do you have?", "Are you a big model?",
        "What size is this model?",
        "How many parameters does Chasqui have?", "How big is Chasqui?", "How large is the built-in model?",
        "Is Chasqui a large model?",
        "How many million parameters are you?", "Do you have billions of parameters?",
        "What's your parameter count?"]),
    ("what I can do", ["remember", "tools", "JSON"],
     "I can chat a little, remember facts, call tools, answer in JSON and tell short stories.", [
        "What can you do?", "What are you able to do?", "What are your abilities?", "What can I ask you?",
        "What are you good at?",
        "Which things can you do?", "What do you know?", "Tell me what you can do.", "What can Chasqui do?",
        "List your abilities.",
        "What are your skills?", "How can you help me?", "What can you help me with?",
        "What tasks can you do?", "What are you capable of?",
        "Show me what you can do.", "Which questions can you answer?", "What do you do?",
        "What is the built-in model able to do?"]),
    ("my use", ["demonstration", "not a useful"], "I am a demonstration model, not a useful assistant.", [
        "Are you useful?", "Are you a useful assistant?", "Can I use you for work?", "Are you good?",
        "Are you smart?", "Are you intelligent?",
        "What are you for?", "Why do you exist?", "What is your purpose?", "Are you any good?",
        "Can I trust your answers?", "Are you a real assistant?",
        "What is Chasqui for?", "Why is there a built-in model?", "What is the purpose of Chasqui?",
        "Is Chasqui a good model?", "Are you reliable?",
        "Should I use you in production?", "Are your answers correct?", "What's the point of you?",
        "Are you as good as a large model?", "Do you make mistakes?"]),
    ("other models", ["No", "Chasqui"], "No. " + WHO_AM_I, [
        "Are you ChatGPT?", "Are you GPT-4?", "Are you Claude?", "Are you Llama?", "Are you Gemini?",
        "Are you a human?", "Are you a person?",
        "Are you human?", "Are you Mistral?", "Are you Qwen?", "Are you DeepSeek?", "Are you a real person?",
        "Are you made by OpenAI?",
        "Is this ChatGPT?", "Am I talking to a human?", "Am I talking to ChatGPT?", "Is this GPT?",
        "Are you Siri?", "Are you Alexa?",
        "Are you Ollama?", "Am I talking to a real person?", "Is this Llama 3?", "Are you Gemma?"]),
    ("being a model", ["Yes", "Chasqui"], "Yes. " + WHO_AM_I, [
        "Are you a robot?", "Are you an AI?", "Are you a bot?", "Are you a computer program?",
        "Are you Chasqui?", "Is your name Chasqui?",
        "Am I talking to a machine?", "Are you a language model?", "Are you a chatbot?", "Is this Chasqui?",
        "Are you a small model?",
        "Are you the built-in model?", "Are you the demonstration model?",
        "Are you an artificial intelligence?", "Am I talking to a bot?"]),
    ("my training", ["trained", "generated"], "I was trained from scratch on generated text.", [
        "How were you trained?", "What were you trained on?", "Who trained you?",
        "Where does your knowledge come from?", "What data were you trained on?",
        "What is your training data?", "How were you made?", "How did you learn?", "Who made you?",
        "Who created you?", "Where do you come from?",
        "How was Chasqui trained?", "What was Chasqui trained on?", "Which data was used to train you?",
        "When were you trained?", "Who built you?"]),
    ("my place", ["machine"], "I run inside Quipu, on this machine.", [
        "Where do you run?", "Where are you running?", "Are you in the cloud?", "Do you run locally?",
        "Where do you live?", "Where are you?",
        "Do you run on my computer?", "Are you local?", "Which machine do you run on?",
        "Are you running on a server somewhere?", "Where are you hosted?",
        "Do you send my data anywhere?", "Is my data sent to the cloud?", "Do my prompts leave this machine?",
        "Which server runs you?"]),
    ("the internet", ["No", "internet"], "No. I have no access to the internet.", [
        "Do you have internet access?", "Can you browse the web?", "Can you search the web?",
        "Can you open web pages?", "Are you online?",
        "Can you access the internet?", "Can you look something up online?", "Do you have access to the web?",
        "Are you connected to the internet?",
        "Can you google something?", "Do you need the internet?", "Can you visit a website?"]),
    ("my context", ["4096", "tokens"], "My context has 4096 tokens.", [
        "How long is your context?", "What is your context length?", "How many tokens can you see?",
        "What's your context size?", "How large is your context?",
        "What is the context window of Chasqui?", "How much text can you read?",
        "How many tokens is your context window?", "How big is your context window?"]),
    ("my languages", ["English"], "I speak only simple English.", [
        "Which languages do you speak?", "Do you speak Spanish?", "What languages do you know?",
        "Do you speak English?", "Can you speak German?",
        "Can you talk in French?", "Do you understand Chinese?", "Which language do you speak?",
        "Do you speak Quechua?", "What language do you understand?",
        "Can you speak other languages?", "How many languages do you speak?", "Do you know Japanese?"]),
    ("Quipu", ["Quipu", "local", "server"],
     "Quipu is a local LLM server in Rust that speaks the APIs of Ollama, OpenAI and Anthropic.", [
        "What is Quipu?", "What's Quipu?", "Explain Quipu.", "Tell me about Quipu.", "What does Quipu do?",
        "What is quipu for?", "Describe Quipu.",
        "What kind of program is Quipu?", "Can you explain Quipu?", "What is this server?",
        "What software is this?", "Which server am I using?",
        "What program runs you?", "I don't know Quipu. What is it?", "In one sentence, what is Quipu?",
        "Do you know Quipu?", "What is the Quipu project?",
        "Is Quipu a server?", "Which APIs does Quipu speak?", "Define Quipu.", "What can Quipu do?",
        "Why should I use Quipu?"]),
    ("the language of Quipu", ["Rust"], "Quipu is written in Rust.", [
        "What is Quipu written in?", "Which language is Quipu written in?",
        "In which programming language is Quipu written?", "Is Quipu written in Go?",
        "Is Quipu written in Rust?", "What programming language does Quipu use?",
        "What language is the server written in?", "Is Quipu a Python program?"]),
    ("the port", ["11434"], "Quipu listens on port 11434.", [
        "Which port does Quipu use?", "What is the default port?", "On which port does the server listen?",
        "What port is it on?", "Which port do I connect to?",
        "What port does Quipu listen on?", "What's the port of the server?", "Where does Quipu listen?",
        "What is the address of the server?",
        "Which port is the API on?", "Tell me the default port of Quipu.",
        "What port number does the server have?", "What's the default address of Quipu?",
        "What is Quipu's port?", "port of quipu?", "Which TCP port is used?", "What base URL do I use?"]),
    ("the licence", ["MIT"], "Quipu has the MIT licence.", [
        "What licence does Quipu have?", "Is Quipu open source?", "Which license does Quipu use?",
        "Is Quipu free?", "What is the licence of Quipu?",
        "May I use Quipu at work?", "Under which license is Quipu?", "Does Quipu cost money?",
        "What's Quipu's license?", "Is Quipu free software?"]),
    ("the name of Quipu", ["knot"],
     "Quipu is named after the knotted cords with which people in the Andes kept records.", [
        "Why is it called Quipu?", "Where does the name Quipu come from?", "What does quipu mean?",
        "What does the word quipu mean?", "Why the name Quipu?",
        "What is the meaning of the name Quipu?", "What is Quipu named after?",
        "Who or what is Quipu named after?", "Why do they call it Quipu?",
        "What is the origin of the name Quipu?"]),
    ("my name", ["runner"],
     "I am named after the chasqui, the runner who carried messages through the Andes.", [
        "Why are you called Chasqui?", "Where does your name come from?", "What does your name mean?",
        "Why is your name Chasqui?", "What is the meaning of your name?",
        "What does Chasqui mean?", "Why the name Chasqui?", "What are you named after?",
        "Who are you named after?", "Where does the name Chasqui come from?"]),
    ("Ollama and Quipu", ["Ollama", "drop-in"],
     "Quipu is a drop-in replacement for Ollama, with the same API and commands.", [
        "How does Quipu compare to Ollama?", "Is Quipu like Ollama?", "Can Quipu replace Ollama?",
        "Is Quipu compatible with Ollama?", "Does Quipu work with Ollama clients?",
        "What is the difference between Quipu and Ollama?", "Can I use Ollama clients with Quipu?",
        "Does Quipu have the API of Ollama?", "I use Ollama. Can I use Quipu?",
        "Do my Ollama tools work with Quipu?", "Is Quipu a fork of Ollama?", "Quipu or Ollama?",
        "Can I switch from Ollama to Quipu?"]),
    ("OpenAI clients", ["OpenAI", "/v1"],
     "Yes. OpenAI clients work with the base URL http://localhost:11434/v1.", [
        "Does Quipu work with OpenAI clients?", "Can I use the OpenAI library with Quipu?",
        "Is Quipu compatible with OpenAI?", "Can I use the OpenAI SDK?",
        "How do I connect the OpenAI client?", "Does the OpenAI Python client work?",
        "Which base URL do I give the OpenAI client?", "Can I use Quipu with the openai package?",
        "How do I use Quipu from Python?", "Does Quipu speak the OpenAI API?"]),
    ("API keys", ["key"], "No. Quipu needs no API key.", [
        "Do I need an API key?", "Does Quipu need an API key?", "Which API key do I use?", "Do I need a key?",
        "Do I have to log in?", "Do I need an account?",
        "What API key does Quipu want?", "Is there an API key?", "Do I need a token to use the API?",
        "Do I have to sign in?"]),
    ("many users", ["batch"], "Yes. Quipu runs all requests of a model together in one batch.", [
        "Can Quipu serve many users?", "Can Quipu answer many requests at once?",
        "Does Quipu run requests in parallel?", "Can several people use the server?",
        "Can I send many requests at the same time?", "Does Quipu support concurrent requests?",
        "Can two clients use one model?", "Does Quipu do batching?",
        "Can Quipu handle many clients?", "Is Quipu good for many users at once?",
        "Can I run several chats at once?"]),
    ("the GPU", ["CPU", "CUDA", "Metal"], "Quipu runs models on the CPU, on CUDA and on Metal.", [
        "Does Quipu need a GPU?", "Can Quipu use a GPU?", "Does Quipu run on the CPU?",
        "Which hardware does Quipu support?", "Does Quipu work with CUDA?",
        "Does Quipu run on a Mac?", "Do I need a graphics card?", "Can Quipu use my graphics card?",
        "Does Quipu support Metal?", "What hardware do I need?"]),
    ("model files", ["GGUF"], "Quipu runs models in the GGUF format.", [
        "Which model format does Quipu use?", "What file format do models have?", "Can Quipu run GGUF files?",
        "Which models can Quipu run?", "Which files can Quipu load?",
        "Does Quipu support GGUF?", "What kind of models does Quipu run?", "What format must a model have?"]),
    ("better models", ["quipu pull"], "Use quipu pull to download a larger model.", [
        "Which model should I use instead of you?", "How do I get a better model?",
        "Is there a better model?", "Where do I get a larger model?", "You are too small. What now?",
        "I need a smarter model.", "Can I use a larger model?", "I want a real model.",
        "Which other models can I use?", "How do I replace you?", "Can I use another model?",
        "What do I do if I need good answers?", "How do I use a bigger model?",
        "You are not very clever. What can I do?"]),
]

# Before a term that is asked for as "What is a token?".
ARTICLES = {
    "an ": ["embedding"],
    "a ": ["token", "continuous batch", "Modelfile", "sampler", "prompt", "system prompt", "tokenizer",
           "chat template", "tool call",
           "LoRA", "registry", "parameter", "language model", "paged KV cache", "chasqui"],
    "the ": ["KV cache", "context", "context length", "prefix cache"],
}
