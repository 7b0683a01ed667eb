package peers;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/** The state of one user: totals, and per window the panes that are still in it. */
final class Panes {
  private static final long MINUTE_MS = 60_000;
  private static final long HOUR_MS = 60 * MINUTE_MS;

  long n;
  long cents;
  final Window hour;
  final Window day;

  /** Reads what {@link #bytes()} wrote; null is a user without events. */
  Panes(byte[] stored) {
    ByteBuffer from = stored == null ? null : ByteBuffer.wrap(stored);
    n = from == null ? 0 : from.getLong();
    cents = from == null ? 0 : from.getLong();
    hour = new Window(HOUR_MS, 10 * MINUTE_MS, from);
    day = new Window(24 * HOUR_MS, HOUR_MS, from);
  }

  void add(long timeMs, long amount) {
    n++;
    cents += amount;
    hour.add(timeMs, amount);
    day.add(timeMs, amount);
  }

  byte[] bytes() {
    ByteBuffer to = ByteBuffer.allocate(16 + hour.size() + day.size());
    to.putLong(n).putLong(cents);
    hour.write(to);
    day.write(to);
    return to.array();
  }

  private static final class Pane {
    final long start;
    long n;
    long cents;

    Pane(long start, long n, long cents) {
      this.start = start;
      this.n = n;
      this.cents = cents;
    }
  }

  /** A window's total and its panes, oldest first; a user's events come in order. */
  static final class Window {
    private final long widthMs;
    private final long paneMs;
    private final ArrayDeque<Pane> panes = new ArrayDeque<>(32);
    long n;
    long cents;

    Window(long widthMs, long paneMs, ByteBuffer from) {
      this.widthMs = widthMs;
      this.paneMs = paneMs;
      int count = from == null ? 0 : from.getInt();
      for (int i = 0; i < count; i++) {
        Pane pane = new Pane(from.getLong(), from.getInt(), from.getLong());
        panes.add(pane);
        n += pane.n;
        cents += pane.cents;
      }
    }

    void add(long timeMs, long amount) {
      long start = timeMs - timeMs % paneMs;
      Pane newest = panes.peekLast();
      if (newest == null || newest.start != start) {
        newest = new Pane(start, 0, 0);
        panes.addLast(newest);
        while (panes.peekFirst().start <= timeMs - widthMs) {
          Pane gone = panes.removeFirst();
          n -= gone.n;
          cents -= gone.cents;
        }
      }
      newest.n++;
      newest.cents += amount;
      n++;
      cents += amount;
    }

    int size() {
      return 4 + 20 * panes.size();
    }

    void write(ByteBuffer to) {
      to.putInt(panes.size());
      for (Pane pane : panes) {
        to.putLong(pane.start).putInt((int) pane.n).putLong(pane.cents);
      }
    }
  }
}
