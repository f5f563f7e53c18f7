# The bot: no torch, no weights. Build from the repository's root:
#   docker build -f docker/bot.Dockerfile -t afterimage-bot .
FROM python:3.11.13-slim-bookworm AS build
WORKDIR /src
COPY requirements/bot.lock requirements/
COPY scripts/install-locked scripts/
RUN python -m venv /venv && scripts/install-locked /venv/bin/python requirements/bot.lock
COPY pyproject.toml README.md LICENSE ./
COPY vlm vlm
COPY bot bot
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation . && /venv/bin/pip check

FROM python:3.11.13-slim-bookworm
RUN useradd --uid 10001 --create-home afterimage
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /home/afterimage
# Healthy: a bot of this container has asked for updates within the last two minutes.
HEALTHCHECK --interval=30s --timeout=15s --start-period=60s --retries=3 CMD ["afterimage", "health"]
CMD ["afterimage", "run"]
