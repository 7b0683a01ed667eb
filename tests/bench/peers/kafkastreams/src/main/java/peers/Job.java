package peers;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * Counts and sums of each user over an hour, a day and all time; one answer for every event.
 *
 * <p>Arguments: bootstrap servers, input topic, output topic, folder, application, bytes of cache.
 */
public final class Job {
  private static final String STORE = "panes";
  private static final JsonFactory JSON = new JsonFactory();

  private Job() {}

  public static void main(String[] args) throws InterruptedException {
    Properties config = new Properties();
    config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
    config.put(StreamsConfig.APPLICATION_ID_CONFIG, args[4]);
    config.put(StreamsConfig.STATE_DIR_CONFIG, args[3]);
    config.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, args[5]);
    config.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    config.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
    config.put(StreamsConfig.consumerPrefix("max.poll.records"), 10_000);
    config.put(StreamsConfig.consumerPrefix("max.partition.fetch.bytes"), 8 << 20);
    config.put(StreamsConfig.producerPrefix("acks"), "all");
    config.put(StreamsConfig.producerPrefix("linger.ms"), 100);
    config.put(StreamsConfig.producerPrefix("batch.size"), 512 << 10);
    KafkaStreams streams = new KafkaStreams(topology(args[1], args[2], !args[5].equals("0")).build(), config);
    streams.setUncaughtExceptionHandler(
        error -> {
          error.printStackTrace();
          Runtime.getRuntime().halt(1);
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    CountDownLatch finished = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  streams.close();
                  finished.countDown();
                }));
    streams.start();
    finished.await();
  }

  static StreamsBuilder topology(String input, String output, boolean cached) {
    StoreBuilder<KeyValueStore<String, byte[]>> store =
        Stores.keyValueStoreBuilder(
            Stores.persistentKeyValueStore(STORE), Serdes.String(), Serdes.ByteArray());
    StreamsBuilder builder = new StreamsBuilder();
    builder.addStateStore(cached ? store.withCachingEnabled() : store.withCachingDisabled());
    builder.stream(input, Consumed.with(Serdes.String(), Serdes.ByteArray()))
        .process(Count::new, STORE)
        .to(output, Produced.with(Serdes.String(), Serdes.ByteArray()));
    return builder;
  }

  static final class Count extends ContextualProcessor<String, byte[], String, byte[]> {
    private final ByteArrayOutputStream buffer = new ByteArrayOutputStream(256);
    private KeyValueStore<String, byte[]> store;

    @Override
    public void init(ProcessorContext<String, byte[]> context) {
      super.init(context);
      store = context.getStateStore(STORE);
    }

    @Override
    public void process(Record<String, byte[]> record) {
      try {
        Panes panes = new Panes(store.get(record.key()));
        String eventId = add(panes, record.value());
        store.put(record.key(), panes.bytes());
        context().forward(record.withValue(answer(eventId, record.key(), panes)));
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
    }

    private static String add(Panes panes, byte[] value) throws IOException {
      String eventId = null;
      long timeMs = 0;
      double amount = 0;
      try (JsonParser parser = JSON.createParser(value)) {
        parser.nextToken();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          String name = parser.currentName();
          parser.nextToken();
          switch (name) {
            case "event_id" -> eventId = parser.getText();
            case "event_time" -> timeMs = parser.getLongValue();
            case "amount" -> amount = parser.getDoubleValue();
            default -> parser.skipChildren();
          }
        }
      }
      panes.add(timeMs, Math.round(100 * amount));
      return eventId;
    }

    private byte[] answer(String eventId, String user, Panes panes) throws IOException {
      buffer.reset();
      try (JsonGenerator json = JSON.createGenerator(buffer)) {
        json.writeStartObject();
        json.writeStringField("event_id", eventId);
        json.writeStringField("user_id", user);
        json.writeNumberField("count_1h", panes.hour.n);
        json.writeNumberField("sum_1h", panes.hour.cents / 100.0);
        json.writeNumberField("count_1d", panes.day.n);
        json.writeNumberField("sum_1d", panes.day.cents / 100.0);
        json.writeNumberField("count", panes.n);
        json.writeNumberField("sum", panes.cents / 100.0);
        json.writeEndObject();
      }
      return buffer.toByteArray();
    }
  }
}
