"""Configurations as people have them, small where their size says nothing: the keys are those of real files."""

from __future__ import annotations

from typing import Any

Config = dict[str, Any]

GPT2: Config = {
    "architectures": ["GPT2LMHeadModel"],
    "model_type": "gpt2",
    "activation_function": "gelu_new",
    "layer_norm_epsilon": 1e-05,
    "n_ctx": 1024,
    "n_embd": 768,
    "n_head": 12,
    "n_inner": None,
    "n_layer": 12,
    "n_positions": 1024,
    "vocab_size": 50257,
}
#: A file of 2019, before there were types of models.
OLD_GPT2 = {
    "n_ctx": 1024,
    "n_embd": 1024,
    "n_head": 16,
    "n_layer": 24,
    "n_positions": 1024,
    "n_special": 0,
    "predict_special_tokens": True,
    "vocab_size": 50257,
    "layer_norm_epsilon": 1e-05,
}
GPT_NEO: Config = {
    "architectures": ["GPTNeoForCausalLM"],
    "model_type": "gpt_neo",
    "activation_function": "gelu_new",
    "attention_types": [[["global", "local"], 6]],
    "hidden_size": 768,
    "intermediate_size": None,
    "layer_norm_epsilon": 1e-05,
    "max_position_embeddings": 2048,
    "num_heads": 12,
    "num_layers": 12,
    "vocab_size": 50257,
    "window_size": 256,
}
OPT: Config = {
    "architectures": ["OPTForCausalLM"],
    "model_type": "opt",
    "activation_function": "relu",
    "do_layer_norm_before": True,
    "ffn_dim": 3072,
    "hidden_size": 768,
    "max_position_embeddings": 2048,
    "num_attention_heads": 12,
    "num_hidden_layers": 12,
    "vocab_size": 50272,
    "word_embed_proj_dim": 768,
}
LLAMA: Config = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_act": "silu",
    "hidden_size": 576,
    "intermediate_size": 1536,
    "max_position_embeddings": 8192,
    "num_attention_heads": 9,
    "num_hidden_layers": 30,
    "num_key_value_heads": 3,
    "rms_norm_eps": 1e-05,
    "rope_scaling": None,
    "rope_theta": 100000,
    "tie_word_embeddings": True,
    "vocab_size": 49152,
}
MISTRAL: Config = {
    "architectures": ["MistralForCausalLM"],
    "model_type": "mistral",
    "hidden_act": "silu",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "max_position_embeddings": 32768,
    "num_attention_heads": 32,
    "num_hidden_layers": 32,
    "num_key_value_heads": 8,
    "rms_norm_eps": 1e-05,
    "rope_theta": 10000.0,
    "sliding_window": 4096,
    "tie_word_embeddings": False,
    "vocab_size": 32000,
}
QWEN2: Config = {
    "architectures": ["Qwen2ForCausalLM"],
    "model_type": "qwen2",
    "hidden_act": "silu",
    "hidden_size": 896,
    "intermediate_size": 4864,
    "max_position_embeddings": 131072,
    "max_window_layers": 24,
    "num_attention_heads": 14,
    "num_hidden_layers": 24,
    "num_key_value_heads": 2,
    "rms_norm_eps": 1e-06,
    "rope_theta": 1000000.0,
    "sliding_window": 32768,
    "tie_word_embeddings": True,
    "use_sliding_window": False,
    "vocab_size": 151936,
}
PHI: Config = {
    "architectures": ["PhiForCausalLM"],
    "model_type": "phi",
    "hidden_act": "gelu_new",
    "hidden_size": 2560,
    "intermediate_size": 10240,
    "layer_norm_eps": 1e-05,
    "max_position_embeddings": 2048,
    "num_attention_heads": 32,
    "num_hidden_layers": 32,
    "partial_rotary_factor": 0.4,
    "qk_layernorm": False,
    "rope_theta": 10000.0,
    "tie_word_embeddings": False,
    "vocab_size": 51200,
}
OLD_PHI: Config = {
    "architectures": ["MixFormerSequentialForCausalLM"],
    "model_type": "mixformer-sequential",
    "activation_function": "gelu_new",
    "layer_norm_epsilon": 1e-05,
    "n_embd": 2560,
    "n_head": 32,
    "n_inner": None,
    "n_layer": 32,
    "n_positions": 2048,
    "rotary_dim": 32,
    "tie_word_embeddings": False,
    "vocab_size": 51200,
}
#: A configuration of each family, and the parameters that its makers count in the checkpoint.
PUBLISHED = {
    "gpt2": (GPT2, 124_439_808),
    "gpt2-medium of 2019": (OLD_GPT2, 354_823_168),
    "gpt-neo-125m": (GPT_NEO, 125_198_592),
    "opt-125m": (OPT, 125_239_296),
    "smollm2-135m": (LLAMA, 134_515_008),
    "mistral-7b": (MISTRAL, 7_241_732_096),
    "qwen2-0.5b": (QWEN2, 494_032_768),
    "phi-2": (PHI, 2_779_683_840),
    "phi-2 of 2023": (OLD_PHI, 2_779_683_840),
}

#: One of every family and layout, small enough to write its weights.
TOYS: dict[str, Config] = {
    "gpt2": {**GPT2, "n_embd": 8, "n_head": 2, "n_layer": 2, "n_positions": 6, "n_ctx": 6, "vocab_size": 11},
    "gpt_neo": {
        **GPT_NEO,
        "hidden_size": 8,
        "num_heads": 2,
        "num_layers": 2,
        "attention_types": [[["global", "local"], 1]],
        "max_position_embeddings": 6,
        "vocab_size": 11,
    },
    "opt": {
        **OPT,
        "hidden_size": 8,
        "word_embed_proj_dim": 8,
        "ffn_dim": 20,
        "num_attention_heads": 2,
        "num_hidden_layers": 2,
        "max_position_embeddings": 6,
        "vocab_size": 11,
    },
    "llama": {**LLAMA, "hidden_size": 12, "intermediate_size": 20, "num_hidden_layers": 2, "vocab_size": 11}
    | {"num_attention_heads": 6, "num_key_value_heads": 2},
    "qwen2": {**QWEN2, "hidden_size": 12, "intermediate_size": 20, "num_hidden_layers": 2, "vocab_size": 11}
    | {"num_attention_heads": 6, "num_key_value_heads": 2, "tie_word_embeddings": False},
    "phi": {**PHI, "hidden_size": 16, "intermediate_size": 20, "num_hidden_layers": 2, "vocab_size": 11}
    | {"num_attention_heads": 2, "partial_rotary_factor": 0.5},
}
