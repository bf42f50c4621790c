// Loaded into each service that a campaign starts: it ends with the campaign, however that ended.
process.on('disconnect', () => process.exit(1));
process.channel?.unref();
