FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1 PATH=/app/.venv/bin:$PATH
WORKDIR /app
RUN useradd --create-home --uid 1000 riskstream && mkdir -p /data && chown riskstream /app /data
USER riskstream
# The packages first, so that a change of the code does not fetch them again.
COPY --chown=riskstream requirements.lock pyproject.toml README.md LICENSE ./
COPY --chown=riskstream .ci/install .ci/install
COPY --chown=riskstream topics topics
COPY --chown=riskstream model model
COPY --chown=riskstream stream stream
RUN .ci/install && rm -rf ~/.cache
VOLUME /data
ENTRYPOINT ["riskstream"]
CMD ["worker"]
