# Built in two steps: the second image has Python, the locked packages and the bot, and nothing to build with.
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements.txt ./
RUN python -m venv /opt/muster && /opt/muster/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY bot ./bot
RUN cp -r bot "$(/opt/muster/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/bot" \
 && printf '#!/opt/muster/bin/python\nfrom bot.__main__ import main\nmain()\n' > /opt/muster/bin/muster \
 && chmod 755 /opt/muster/bin/muster

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin muster \
 && install -d -o muster -g muster /data
COPY --from=build /opt/muster /opt/muster
ENV PATH=/opt/muster/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DATABASE_URL=sqlite+aiosqlite:////data/muster.db \
    MUSTER_HOST=0.0.0.0 \
    LOG_FORMAT=json
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=6s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/readyz', timeout=5)"]
ENTRYPOINT ["muster"]
CMD ["serve"]
