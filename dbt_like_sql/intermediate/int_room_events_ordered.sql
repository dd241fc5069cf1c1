{{ config(materialized='table', meta={'grain': 'event_date', 'context_days': 1}) }}

with records as (

    select * from {{ ref('stg_lake__records') }}

),

folded as (

    select * from {{ ref('int_records_folded') }}

),

in_rooms as (

    select
        records.event_date,
        folded.message_id,
        records.conversation_id as room,
        case
            when records.kind in ('join', 'leave') then records.kind
            else 'said'
        end as event,
        coalesce(records.occupant, records.sender) as occupant,
        case when folded.sender not like '%/%' then folded.sender end as address,
        records.sent_at,
        records.collection,
        records.archive_sha256,
        concat(
            coalesce(cast(records.upload_hour as varchar), ''),
            '/',
            records.archive_name,
            '/',
            lpad(cast(records.ordinal as varchar), 10, '0')
        ) as place
    from records
    inner join folded
        on records.record_id = folded.record_id and records.collection = folded.collection
    where
        records.conversation_id is not null
        and (records.occupant is not null or records.kind in ('join', 'leave'))

),

-- Only an archive that tells of joins and leaves tells them from what was said in one second.
witnessed as (

    select
        *,
        max(case when event in ('join', 'leave') then 1 else 0 end) over (
            partition by event_date, archive_sha256, room
        ) = 1 as is_witness
    from in_rooms

),

copies_ranked as (

    select
        *,
        row_number() over (
            partition by message_id
            order by case when is_witness then 0 else 1 end, place, collection
        ) as copy
    from witnessed

),

neighbours as (

    select
        *,
        lag(event) over of_occupant as event_before,
        lag(address) over of_occupant as address_before,
        lag(is_witness) over of_occupant as is_witness_before
    from copies_ranked
    where copy = 1
    window
        of_occupant as (
            partition by event_date, room, occupant
            order by sent_at, place
        )

),

-- What is said again and again says nothing new about who is there.
final as (

    select
        event_date,
        message_id,
        room,
        event,
        occupant,
        address,
        sent_at,
        place,
        is_witness,
        event <> 'said'
        or coalesce(event_before, '') <> 'said'
        or coalesce(address_before, '') <> coalesce(address, '')
        or is_witness_before <> is_witness as is_news
    from neighbours

)

select * from final
