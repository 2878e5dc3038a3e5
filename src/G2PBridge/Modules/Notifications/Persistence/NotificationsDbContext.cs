using G2PBridge.Platform.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace G2PBridge.Modules.Notifications.Persistence;

internal sealed class NotificationsDbContext(DbContextOptions<NotificationsDbContext> options) : ModuleDbContext(options, NotificationsModule.Schema)
{
    private const int IdLength = 128;

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        modelBuilder.Entity<NotificationRow>(notification =>
        {
            notification.ToTable("notification", table => table.HasCheckConstraint("ck_notification_lease", "(state = 'Sending') = (lease_until is not null)"));
            notification.HasKey(row => row.Id).HasName("pk_notification");
            notification.Property(row => row.Id).ValueGeneratedNever();
            notification.IsEnumText(row => row.Kind);
            notification.IsEnumText(row => row.State);
            notification.Property(row => row.EnvelopeId).HasMaxLength(IdLength);
            notification.Property(row => row.RecipientId).HasMaxLength(256);
            notification.Property(row => row.LastCode).HasMaxLength(64);
            // Nobody is told twice: one notification of a kind about one thing, whatever code asks for it.
            notification.HasIndex(row => new { row.Kind, row.Subject, row.Generation }).IsUnique().HasDatabaseName("uq_notification_subject");
            notification.HasIndex(row => new { row.Kind, row.DueAt }).HasDatabaseName("ix_notification_due").HasFilter("state = 'Pending'");
            notification.HasIndex(row => row.LeaseUntil).HasDatabaseName("ix_notification_leased").HasFilter("state = 'Sending'");
            notification.HasIndex(row => row.EnvelopeId).HasDatabaseName("ix_notification_envelope");
        });
        modelBuilder.Entity<NotificationHistoryRow>(history =>
        {
            history.ToTable("notification_history");
            history.HasKey(row => row.Id).HasName("pk_notification_history");
            history.Property(row => row.Id).UseIdentityAlwaysColumn();
            history.Property(row => row.Cause).HasMaxLength(64);
            history.Property(row => row.Actor).HasMaxLength(64);
            history.HasIndex(row => row.NotificationId).HasDatabaseName("ix_notification_history_notification");
        });
        modelBuilder.Entity<WatchRow>(watch =>
        {
            watch.ToTable("watch");
            watch.HasKey(row => row.EnvelopeId).HasName("pk_watch");
            watch.Property(row => row.EnvelopeId).HasMaxLength(IdLength);
        });
    }

    internal sealed class DesignTime : IDesignTimeDbContextFactory<NotificationsDbContext>
    {
        public NotificationsDbContext CreateDbContext(string[] args) => DesignTimeOptions.Create<NotificationsDbContext>(NotificationsModule.Schema, options => new(options));
    }
}
