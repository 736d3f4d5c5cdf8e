/** The articles that the search finds; few, because the demo is about the time a search takes. */
export const HELP_ARTICLES = [
  'Track an order and see when it arrives',
  'Return an item and get a refund',
  'Change the delivery address of an order',
  'Cancel an order before it is sent',
  'Pay by invoice, card or gift voucher',
  'Reset a forgotten password',
  'Delete an account and its data',
  'Exchange an item for another size',
  'Report a damaged or missing parcel',
  'Use a discount code at checkout',
  'Download the invoice of an order',
  'Choose express delivery or a pick-up point',
  'Repair under warranty and spare parts',
  'Washing and care of wool and linen',
  'Opening hours and phone number of the shop',
  'Subscribe to the newsletter or leave it',
] as const;
