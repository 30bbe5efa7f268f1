"""LangChain's standard tests of langchain-ollama, against the server at QUIPU_URL."""

import os

from langchain_ollama import ChatOllama, OllamaEmbeddings
from langchain_tests.integration_tests import ChatModelIntegrationTests, EmbeddingsIntegrationTests

MODEL = {"model": "chasqui", "base_url": os.environ["QUIPU_URL"]}


class TestChat(ChatModelIntegrationTests):
    @property
    def chat_model_class(self):
        return ChatOllama

    @property
    def chat_model_params(self):
        return {**MODEL, "temperature": 0, "num_predict": 800, "reasoning": False}

    @property
    def supports_json_mode(self):
        return True

    @property
    def has_tool_choice(self):
        return False

    @property
    def supports_model_override(self):
        return False


class TestEmbeddings(EmbeddingsIntegrationTests):
    @property
    def embeddings_class(self):
        return OllamaEmbeddings

    @property
    def embedding_model_params(self):
        return MODEL
