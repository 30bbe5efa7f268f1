"""Chasqui: the recipe of Quipu's built-in model.

    abilities/*  ->  corpus  ->  tokenizer  ->  train  ->  export  ->  evaluate
    (samples)       (tokens)     (BPE)         (torch)    (GGUF)      (held-out prompts)

Every training text is made by `abilities`; nothing is downloaded.
"""
