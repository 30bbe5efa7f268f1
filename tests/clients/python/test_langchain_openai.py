"""LangChain's standard tests of langchain-openai, against the server at QUIPU_URL."""

import os

from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from langchain_tests.integration_tests import ChatModelIntegrationTests, EmbeddingsIntegrationTests

MODEL = {"model": "chasqui", "base_url": os.environ["QUIPU_URL"] + "/v1", "api_key": "any"}


class TestChat(ChatModelIntegrationTests):
    @property
    def chat_model_class(self):
        return ChatOpenAI

    @property
    def chat_model_params(self):
        limits = {"temperature": 0, "max_tokens": 800, "reasoning_effort": "none"}
        return {**MODEL, **limits, "stream_usage": True}

    @property
    def supports_json_mode(self):
        return True

    @property
    def has_tool_choice(self):
        return True

    @property
    def supports_model_override(self):
        return False


class TestEmbeddings(EmbeddingsIntegrationTests):
    @property
    def embeddings_class(self):
        return OpenAIEmbeddings

    @property
    def embedding_model_params(self):
        # It would send tokens of a vocabulary that it downloads first.
        return {**MODEL, "check_embedding_ctx_length": False}
