/** What somebody sends by hand. Of another family than Journeys: it comes out as `other`, changes no application, and rings nothing. */
export const WEBHOOK_TO_TRY = '{"type":"create:reviews:sandbox","data":{"review_token":"R-hello"}}';
