"""The tiny M2M100: the published architecture, small enough to be bundled."""

from transformers import M2M100Config, M2M100ForConditionalGeneration

from vlm.lab.languages.tokenizer import END, PAD

WIDTH = 192
HEADS = 4
LAYERS = 3  # of the encoder, and as many of the decoder
INNER = 384
POSITIONS = 256


def tiny_m2m100(entries: int) -> M2M100ForConditionalGeneration:
    """An untrained model for a vocabulary of `entries`."""
    config = M2M100Config(
        vocab_size=entries,
        d_model=WIDTH,
        encoder_layers=LAYERS,
        decoder_layers=LAYERS,
        encoder_attention_heads=HEADS,
        decoder_attention_heads=HEADS,
        encoder_ffn_dim=INNER,
        decoder_ffn_dim=INNER,
        max_position_embeddings=POSITIONS,
        dropout=0.0,
        attention_dropout=0.0,
        activation_dropout=0.0,
        encoder_layerdrop=0.0,
        decoder_layerdrop=0.0,
        init_std=0.02,
        scale_embedding=True,
        use_cache=True,
        bos_token_id=0,
        pad_token_id=PAD,
        eos_token_id=END,
        decoder_start_token_id=END,
    )
    model = M2M100ForConditionalGeneration(config)
    model.generation_config.num_beams = 1
    model.generation_config.max_length = None
    return model
